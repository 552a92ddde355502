#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "ingest/kafka/kafka_client.h"
#include "ingest/kafka/kafka_handles.h"
#include "ingest/sources/kafka/assigned_partitions.h"
#include "ingest/sources/kafka/committed_offsets.h"
#include "ingest/sources/kafka/kafka_source_options.h"
#include "ingest/sources/kafka/kafka_tail.h"
#include "ingest/sources/kafka/offset_commits.h"
#include "ingest/streams/source_status.h"

namespace sparktail {

// A member of a consumer group: reads the partitions that the group assigns to it and passes their
// records to the tail. Rebalancing is cooperative (partitions that stay are read meanwhile), and
// reads are read-committed. Never blocks; brokers that are down count as temporary trouble.
//
// Reading a partition starts once the group's committed offset is known, which includes waiting for
// an open transaction that may commit it, and once the tail is ready. A revoked partition is given
// back after everything emitted is delivered and committed. If that takes too long, or if the group
// has not waited, the partition is lost.
//
// Offsets are committed when the tail says so, never by librdkafka. While the tail has no room no
// records are taken; what librdkafka fetches ahead is bounded (queued.max.messages.kbytes).
//
// Reader thread only, except where stated otherwise.
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
  // Leaves the group without committing anything.
  ~KafkaSource();
  KafkaSource(const KafkaSource&) = delete;
  KafkaSource& operator=(const KafkaSource&) = delete;

  // Sends no requests to the brokers. kInvalidArgument: the options are invalid.
  absl::Status Open();

  // Reads available records for a bounded time. Returns when it wants to be called again; it must
  // also be called when wake_fd() is readable, and when the tail has room again or has an offset to
  // commit.
  absl::Time Turn();
  int wake_fd() const { return wake_fd_; }

  // Takes no more records. Turn() still handles rebalances and commits offsets.
  void StopReading() { reads_ = false; }
  // Commits what is delivered, waits for that for at most `timeout`, and leaves the group.
  void Close(absl::Duration timeout);

  // Requests the end offsets of the partitions and blocks for the response, for some seconds at
  // most. AtEnd() is false until everything before these offsets is read.
  void LookAgain();
  bool AtEnd() const { return was_assigned_ && !rebalance_ && assigned_.AtEnd(); }

  // The metadata of this member at this moment. Any thread, after Open().
  KafkaGroupMetadata member() const;

  // As of Source; bytes are those of keys and values.
  SourceStatus status() const;

 private:
  // A change of the assignment that this member has not confirmed yet.
  struct Rebalance {
    enum class Kind : uint8_t { kAssign, kRevoke };
    enum class Step : uint8_t { kRequest, kRequested, kReady, kLeave, kCommit };
    Kind kind = Kind::kAssign;
    Step step = Step::kRequest;
    KafkaPartitions partitions;
    absl::Time since;
    absl::Time next;  // earliest time of the next request
  };

  bool Poll(absl::Time began);
  void OnMessage(const rd_kafka_message_t& message);
  void OnErrorMessage(const rd_kafka_message_t& message);
  void OnFailure(rd_kafka_resp_err_t code, std::string_view detail, std::string_view what);
  void PauseOrResume(bool has_room, absl::Time now);
  void SetPaused(bool paused, rd_kafka_topic_partition_list_t* partitions);

  void OnRebalance(rd_kafka_resp_err_t what, const rd_kafka_topic_partition_list_t& partitions);
  void TendRebalance(absl::Time now);
  void TendAssign(absl::Time now);
  void TendRevoke(absl::Time now);
  void TakeCommitted(absl::Time now);
  void Assign();
  void Unassign(const rd_kafka_topic_partition_list_t* partitions);
  void Leave();

  void Commit(absl::Time now);

  const Parts parts_;
  Os* const os_;
  const std::string subject_;  // "source raw"
  int wake_fd_ = -1;           // eventfd
  std::unique_ptr<KafkaClient> client_;
  KafkaQueue queue_;  // the consumer's
  std::unique_ptr<CommittedOffsets> committed_;
  std::unique_ptr<OffsetCommits> commits_;
  AssignedPartitions assigned_;
  std::optional<Rebalance> rebalance_;
  bool was_assigned_ = false;  // at least one assignment has come
  bool reads_ = true;
  bool closes_ = false;
  bool is_paused_ = false;
  absl::Time full_since_ = absl::InfiniteFuture();  // since then the tail has had no room
  KafkaPartition current_;                          // the last message's
  std::string trouble_;
  SourceStatus totals_;  // what is counted as it happens
};

}  // namespace sparktail
