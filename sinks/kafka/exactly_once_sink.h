#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/kafka/cursor_topic.h"
#include "ingest/kafka/group_offsets.h"
#include "ingest/kafka/name_claim.h"
#include "sinks/kafka/kafka_measures.h"
#include "sinks/kafka/kafka_writer.h"
#include "sinks/sink.h"

namespace sparktail {

// Delivers events to Kafka, each once for readers with isolation.level=read_committed: one
// transaction holds the events and the cursors after them (CursorRecord, in the topic
// `offsets_topic`).
//
// At the start the producer takes its name, sparktail/INSTANCE/SINK, which fences the previous one
// (NameClaim). The previous producer's open transaction is aborted or completed before the cursors
// are read.
//
//   brokers away           the transaction is aborted, and its events are written in a new one
//   a message is rejected  likewise, but the message goes to the dead letters
//   the producer is dead   a new one is created and resumes from the cursors, which show whether
//                          the last commit succeeded
//   fenced                 another process has the name: the sink stops with an error that names it
//
// Events must stay valid from Write() until their Commit() or Rollback() succeeded.
class ExactlyOnceSink : public Sink {
 public:
  struct Parts : KafkaWriter::Parts {
    std::string instance;
    // Returns the owner of a stream's cursors. If it is empty or returns "", the instance owns
    // them.
    std::function<std::string(const StreamKey& stream)> owner_of;
    // Returns the group offsets to commit with these cursors; may be empty. Called on the sink's
    // thread.
    std::function<absl::StatusOr<std::vector<GroupOffsets>>(std::span<const StreamCursor>)>
        group_offsets;
  };
  explicit ExactlyOnceSink(Parts parts);

  // kUnavailable: the brokers are away, or somebody must act; call it again.
  absl::StatusOr<std::vector<StreamCursor>> Open() override;
  absl::Status Write(const EventBuffer& events, size_t first) override;
  absl::Status Commit(std::span<const StreamCursor> cursors) override;
  absl::StatusOr<bool> Rollback() override;
  // Deletes the cursors of streams that ended a month ago.
  absl::Status Tidy() override;
  bool IsRemote() const override { return true; }
  bool KeepsCursors() const override { return true; }
  void AddTo(SinkStatus* status) const override { AddKafkaMeasures(writer_.statistics(), status); }

 private:
  enum class State : uint8_t {
    kNone,           // no producer, or one that has not taken its name yet
    kReady,          // between two transactions
    kInTransaction,  // after an error, abort it
    kCommitting,     // a commit was requested, and may have succeeded
  };

  absl::StatusOr<std::unique_ptr<CursorTopicReader>> MakeReader(
      bool is_committed, std::function<bool(std::string_view key)> wants) const;
  absl::Status TryOpen();
  absl::Status Prepare();
  absl::Status WriteClaim();
  absl::Status TakeName();
  absl::Status ReadCursors();
  absl::Status CheckClaim();

  absl::Status Begin();
  absl::Status RepeatWithoutRejected(absl::Status status);
  absl::Status TryCommit(std::span<const StreamCursor> cursors);
  absl::Status PutCursors(std::span<const StreamCursor> cursors);
  absl::Status SendGroupOffsets(std::span<const StreamCursor> cursors);
  absl::Status BeginCommit();
  absl::Status FinishCommit();
  void OnCommitted();
  absl::Status Abort();
  absl::Status RenewProducer();
  void DropProducer();
  bool WasCommitted() const;
  absl::Status HandleError(const KafkaError& error, std::string_view what);
  absl::Status ForgetEnded();
  std::string KeyOf(const StreamKey& stream) const;

  struct Known {
    int64_t updated_ms = 0;
    bool ended = false;
  };

  const Parts parts_;
  const std::string name_;       // the producer's transactional.id
  const std::string claim_key_;  // key of the claim; the keys of all cursors begin with it
  const NameClaim claim_;
  KafkaWriter writer_;
  std::unique_ptr<CursorTopicReader> reader_;
  std::unique_ptr<CursorTopicReader> claims_;  // set while claims are read
  State state_ = State::kNone;
  bool is_dead_ = false;   // the producer is unusable: a new one is needed
  bool in_doubt_ = false;  // a commit was requested, and its result is not known
  bool is_prepared_ = false;
  bool is_claimed_ = false;
  std::map<std::string, Known, std::less<>> pending_;  // cursors in this transaction, by key
  std::map<std::string, Known, std::less<>> known_;    // stored cursors, by key
  std::string commit_;                                 // name of this transaction
  uint64_t commits_ = 0;
  absl::Time next_forget_;
};

}  // namespace sparktail
