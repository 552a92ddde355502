#pragma once

#include <absl/time/time.h>
#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "ingest/sources/kafka/kafka_tail.h"

namespace sparktail {

// Commits offsets of a consumer group, in one request at a time. What fails is sent again, unless a
// newer offset has come. Reader thread only.
class OffsetCommits {
 public:
  using OnFailure = std::function<void(rd_kafka_resp_err_t)>;
  // Both outlive it. The responses come when `queue` is polled.
  OffsetCommits(rd_kafka_t* client, rd_kafka_queue_t* queue, OnFailure on_failure)
      : client_(client), queue_(queue), on_failure_(std::move(on_failure)) {}
  OffsetCommits(const OffsetCommits&) = delete;
  OffsetCommits& operator=(const OffsetCommits&) = delete;

  // The offset is sent with the next request.
  void Set(const KafkaPartition& partition, int64_t offset) { waiting_[partition] = offset; }
  // The partition is not ours any more.
  void Forget(const KafkaPartition& partition);

  // True if Send() may send something: no request is in flight, and the last one is not too recent.
  bool IsDue(absl::Time now) const { return !is_sending_ && now >= next_; }
  // The next request need not wait for the usual time.
  void Hurry() { next_ = absl::InfinitePast(); }
  void Send(absl::Time now);

  bool is_sending() const { return is_sending_; }
  // True if everything that was set for the partition is committed.
  bool IsDone(const KafkaPartition& partition) const {
    return !sent_.contains(partition) && !waiting_.contains(partition);
  }

 private:
  void OnCommitted(rd_kafka_resp_err_t code, const rd_kafka_topic_partition_list_t* offsets);

  rd_kafka_t* const client_;
  rd_kafka_queue_t* const queue_;
  const OnFailure on_failure_;
  std::map<KafkaPartition, int64_t> waiting_;
  std::map<KafkaPartition, int64_t> sent_;
  bool is_sending_ = false;  // a request is in flight; all of it may be forgotten
  absl::Time next_ = absl::InfinitePast();
};

}  // namespace sparktail
