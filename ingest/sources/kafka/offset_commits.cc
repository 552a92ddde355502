#include "ingest/sources/kafka/offset_commits.h"

#include "ingest/kafka/kafka_handles.h"

namespace sparktail {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(500);

bool HasCommitted(const rd_kafka_topic_partition_list_t* offsets, const KafkaPartition& partition) {
  if (offsets == nullptr) return false;
  const rd_kafka_topic_partition_t* found =
      rd_kafka_topic_partition_list_find(const_cast<rd_kafka_topic_partition_list_t*>(offsets),
                                         partition.topic.c_str(), partition.number);
  return found != nullptr && found->err == RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace

void OffsetCommits::Forget(const KafkaPartition& partition) {
  waiting_.erase(partition);
  sent_.erase(partition);
}

void OffsetCommits::Send(absl::Time now) {
  if (waiting_.empty() || !IsDue(now)) return;
  next_ = now + kInterval;
  sent_.swap(waiting_);
  is_sending_ = true;
  const KafkaPartitions offsets(rd_kafka_topic_partition_list_new(static_cast<int>(sent_.size())));
  for (const auto& [partition, offset] : sent_) {
    rd_kafka_topic_partition_list_add(offsets.get(), partition.topic.c_str(), partition.number)
        ->offset = offset;
  }
  const rd_kafka_resp_err_t code = rd_kafka_commit_queue(
      client_, offsets.get(), queue_,
      [](rd_kafka_t*, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* list,
         void* self) { static_cast<OffsetCommits*>(self)->OnCommitted(error, list); },
      this);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) OnCommitted(code, offsets.get());
}

void OffsetCommits::OnCommitted(rd_kafka_resp_err_t code,
                                const rd_kafka_topic_partition_list_t* offsets) {
  const bool has_failed = code != RD_KAFKA_RESP_ERR_NO_ERROR;
  if (has_failed) on_failure_(code);
  for (const auto& [partition, offset] : sent_) {
    if (has_failed || !HasCommitted(offsets, partition)) waiting_.try_emplace(partition, offset);
  }
  sent_.clear();
  is_sending_ = false;
}

}  // namespace sparktail
