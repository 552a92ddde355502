#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "ingest/kafka/kafka_client.h"
#include "ingest/kafka/kafka_handles.h"
#include "ingest/sources/kafka/kafka_source_options.h"
#include "ingest/sources/kafka/kafka_tail.h"

namespace sparktail {

// A member of a consumer group: reads the partitions that the group gives it (cooperatively: the
// others are read on meanwhile), read-committed, and gives their records to the tail. Waits for
// nothing: brokers that are away are a trouble that passes.
//
// A partition is begun when the offset that the group has committed is known (a transaction that
// is to commit it is waited for), and what the tail needs is there. It is given back when all that
// was handed on is delivered and committed; if that takes too long, or the group did not wait, it
// is lost.
//
// Offsets are committed when the tail says so, never by librdkafka. When the tail has no room,
// nothing is taken; what librdkafka has fetched ahead is bounded (queued.max.messages.kbytes).
//
// Reader thread only, but for what is said otherwise.
class KafkaSource {
 public:
  struct Parts {
    Os* os = nullptr;
    Log* log = nullptr;
    std::string name;
    KafkaSourceOptions options;
    KafkaTail* tail = nullptr;
  };
  explicit KafkaSource(Parts parts);
  // Leaves the group, as it is.
  ~KafkaSource();
  KafkaSource(const KafkaSource&) = delete;
  KafkaSource& operator=(const KafkaSource&) = delete;

  // kInvalidArgument: the options are wrong. Asks nothing of the brokers.
  absl::Status Open();

  // Reads what there is to read, for a bounded time. Returns when it wants to be called again:
  // then, or when wake_fd() is readable, or when the tail has room again, or has something to
  // commit.
  absl::Time Turn();
  int wake_fd() const { return wake_fd_; }

  // From now on records are not taken; the group is still answered, and offsets are committed, by
  // Turn().
  void StopReading() { reads_ = false; }
  // Commits what is delivered, waiting for at most `timeout`, and leaves the group.
  void Close(absl::Duration timeout);

  // Asks the brokers how far the partitions go, and waits for the answer for some seconds: until it
  // is read up to there, AtEnd() is false.
  void LookAgain();
  bool AtEnd() const;

  // As what the group knows us: of this moment. Any thread, after Open().
  KafkaGroupMetadata member() const;

  struct Counts {
    uint64_t messages = 0;
    uint64_t bytes = 0;  // of keys and values
    uint64_t partitions = 0;
    uint64_t lag_messages = 0;   // there, but not yet read
    uint64_t lost_messages = 0;  // were gone from the topic before they were read
    uint64_t errors = 0;
    std::string trouble;  // why nothing is read; empty: none is known
  };
  // Any thread; as of a second ago at most.
  Counts counts() const;

 private:
  // What the group wants, and we have not answered yet.
  struct Rebalance {
    enum class Kind : uint8_t { kAssign, kRevoke };
    enum class Step : uint8_t { kAsk, kAsked, kReady, kLeave, kCommit };
    Kind kind = Kind::kAssign;
    Step step = Step::kAsk;
    KafkaPartitions partitions;
    absl::Time since;
    absl::Time next;  // try again
  };
  struct Assigned {
    std::optional<int64_t> committed;  // at the start
    int64_t next = -1;                 // to be read; -1: not known yet
    int64_t end = -1;                  // as LookAgain() has found it
    bool is_at_end = false;
    int64_t to_commit = -1;
    int64_t commits = -1;  // is being committed
  };

  void DrainWake() const;
  bool Poll(absl::Time began);
  void Take(const rd_kafka_message_t& message);
  void TakeError(const rd_kafka_message_t& message);
  void Failed(rd_kafka_resp_err_t code, std::string_view detail, std::string_view what);
  void PauseOrResume(bool has_room, absl::Time now);
  void SetPaused(bool paused, const rd_kafka_topic_partition_list_t* partitions);

  void Rebalanced(rd_kafka_resp_err_t what, const rd_kafka_topic_partition_list_t& partitions);
  void Answer(absl::Time now);
  void AnswerAssign(absl::Time now);
  void AnswerRevoke(absl::Time now);
  void AskCommitted();
  void TakeAnswers(absl::Time now);
  void Assign();
  void Unassign(const rd_kafka_topic_partition_list_t* partitions);
  void Leave();

  void Commit();
  bool IsCommitting() const;
  void Committed(rd_kafka_resp_err_t code, const rd_kafka_topic_partition_list_t* offsets);

  void UpdateCounts(absl::Time now);

  const Parts parts_;
  Os* const os_;
  const std::string subject_;  // "source raw"
  int wake_fd_ = -1;           // eventfd
  std::unique_ptr<KafkaClient> client_;
  KafkaQueue queue_;    // of the consumer
  KafkaQueue answers_;  // to what was asked
  std::map<KafkaPartition, Assigned> assigned_;
  std::optional<Rebalance> rebalance_;
  bool was_assigned_ = false;  // the group has answered
  bool reads_ = true;
  bool closes_ = false;
  bool is_paused_ = false;
  absl::Time full_since_ = absl::InfiniteFuture();  // the tail has no room
  KafkaPartition current_;                          // of the last message
  std::string trouble_;
  absl::Time next_commit_;
  absl::Time next_counts_;

  Counts totals_;  // of the reader thread
  mutable absl::Mutex mutex_;
  Counts counts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sparktail
