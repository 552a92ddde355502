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

#include "ingest/base/log.h"
#include "ingest/kafka/cursor_topic.h"
#include "ingest/kafka/kafka_client.h"
#include "ingest/kafka/name_claim.h"
#include "sinks/dead_letter.h"
#include "sinks/kafka/kafka_sink_options.h"
#include "sinks/kafka/kafka_writer.h"
#include "sinks/sink.h"

namespace sparktail {

// How far a consumer group has read what a transaction holds: it is committed with it (KIP-98), and
// only if the group's member has still its partitions (KIP-447).
struct GroupOffsets {
  KafkaPartitions offsets;
  KafkaGroupMetadata member;
};

// Events into Kafka, each once for readers with isolation.level=read_committed: one transaction
// holds the events and the cursors behind them (CursorRecord, in the topic `offsets_topic`).
//
// The producer's name, sparktail/INSTANCE/SINK, is taken at the start: whoever had it before is
// fenced (NameClaim). What it left half-done is aborted, or completed, before cursors are read.
//
//   brokers away          the transaction is aborted and written again in a new one
//   a message is refused  the same, without it: it is in the dead letters
//   the producer is dead  a new one is made, which goes on from the cursors: they say whether the
//                         last commit was made
//   fenced                another process has the name: the sink stops, and says which one
//
// Events must live from Write() until Commit() or Rollback() of them has succeeded.
class ExactlyOnceSink : public Sink {
 public:
  struct Parts {
    Log* log = nullptr;
    DeadLetters* dead_letters = nullptr;
    std::string instance;
    std::string name;  // of the sink
    KafkaSinkOptions options;
    // The owner of a stream's cursors: the instance, if it is empty or returns "".
    std::function<std::string(std::string_view stream)> owner_of;
    // The offsets that go with these cursors; may be empty. On the sink's thread.
    std::function<absl::StatusOr<std::vector<GroupOffsets>>(std::span<const StreamCursor>)>
        group_offsets;
    // How long the brokers may take for one answer before the sink says that it waits for them.
    absl::Duration patience = absl::Seconds(5);
  };
  explicit ExactlyOnceSink(Parts parts);
  ~ExactlyOnceSink() override;

  // kUnavailable: the brokers are away, or somebody has to mend something; to be called again.
  absl::StatusOr<std::vector<StreamCursor>> Open() override;
  absl::Status Write(const EventBuffer& events, size_t first) override;
  absl::Status Commit(std::span<const StreamCursor> cursors) override;
  absl::StatusOr<bool> Rollback() override;
  // Cursors of streams that ended a month ago are taken back.
  absl::Status Tidy() override;
  bool IsRemote() const override { return true; }

  // Any thread.
  KafkaStatistics statistics() const { return writer_.statistics(); }

 private:
  enum class State : uint8_t {
    kNone,           // no producer, or one that has not got its name yet
    kReady,          // between two transactions
    kInTransaction,  // what goes wrong in it is mended by aborting it
    kCommitting,     // a commit was asked for, and may have been made
  };

  absl::Status OpenOnce();
  absl::Status Prepare();
  absl::Status Claim();
  absl::Status Take();
  absl::Status ReadCursors();
  absl::Status CheckClaim();

  absl::Status Begin();
  absl::Status WithoutRefused(absl::Status status);
  absl::Status WriteAll();
  absl::Status TryCommit(std::span<const StreamCursor> cursors);
  absl::Status PutCursors(std::span<const StreamCursor> cursors);
  absl::Status SendGroupOffsets(std::span<const StreamCursor> cursors);
  absl::Status BeginCommit();
  absl::Status FinishCommit();
  void Committed();
  absl::Status Abort();
  absl::Status Renew();
  void Drop();
  bool WasCommitted() const;
  absl::Status Failed(const KafkaError& error, std::string_view what);
  absl::Status ForgetEnded();
  std::string KeyOf(std::string_view stream) const;

  struct Written {
    const EventBuffer* events;
    size_t first;
  };
  struct Known {
    int64_t updated_ms = 0;
    bool ended = false;
  };

  const Parts parts_;
  const std::string name_;     // of the producer
  const std::string claimed_;  // key of the claim, and of all cursors the beginning
  const NameClaim claim_;
  KafkaWriter writer_;
  std::unique_ptr<CursorTopicReader> reader_;
  std::unique_ptr<CursorTopicReader> claims_;  // while they are read
  std::unique_ptr<KafkaClient> producer_;
  State state_ = State::kNone;
  bool is_dead_ = false;   // the producer is: a new one is needed
  bool in_doubt_ = false;  // a commit was asked for, and it is not known what became of it
  bool is_prepared_ = false;
  bool is_claimed_ = false;
  std::vector<Written> written_;                       // in this transaction
  std::map<std::string, Known, std::less<>> pending_;  // cursors in this transaction, by key
  std::map<std::string, Known, std::less<>> known_;    // those that are stored
  std::string commit_;                                 // names the transaction
  uint64_t commits_ = 0;
  absl::Time next_forget_;
};

}  // namespace sparktail
