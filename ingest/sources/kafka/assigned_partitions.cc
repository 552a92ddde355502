#include "ingest/sources/kafka/assigned_partitions.h"

#include <algorithm>

namespace sparktail {
namespace {

struct Bounds {
  int64_t low = 0;
  int64_t high = 0;
};

// Offsets of the first message of a partition and after its last one, as the client knows them.
std::optional<Bounds> KnownBounds(rd_kafka_t* client, const KafkaPartition& partition) {
  Bounds bounds;
  const rd_kafka_resp_err_t code = rd_kafka_get_watermark_offsets(
      client, partition.topic.c_str(), partition.number, &bounds.low, &bounds.high);
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? std::optional(bounds) : std::nullopt;
}

}  // namespace

std::vector<KafkaPartition> NamesOf(const rd_kafka_topic_partition_list_t& list) {
  std::vector<KafkaPartition> names;
  names.reserve(static_cast<size_t>(list.cnt));
  for (int i = 0; i < list.cnt; ++i) {
    names.push_back({list.elems[i].topic, list.elems[i].partition});
  }
  return names;
}

void AssignedPartitions::Add(const KafkaPartition& partition, std::optional<int64_t> committed) {
  all_[partition] = Reading{.committed = committed};
}

std::vector<KafkaPartition> AssignedPartitions::Names() const {
  std::vector<KafkaPartition> names;
  for (const auto& [name, reading] : all_) names.push_back(name);
  return names;
}

KafkaPartitions AssignedPartitions::List() const {
  KafkaPartitions list(rd_kafka_topic_partition_list_new(static_cast<int>(all_.size())));
  for (const auto& [name, reading] : all_) {
    rd_kafka_topic_partition_list_add(list.get(), name.topic.c_str(), name.number);
  }
  return list;
}

uint64_t AssignedPartitions::OnMessage(rd_kafka_t* client, const KafkaPartition& partition,
                                       int64_t offset) {
  Reading& reading = all_[partition];
  uint64_t lost = 0;
  if (reading.next < 0 && reading.committed && offset > *reading.committed) {
    const std::optional<Bounds> bounds = KnownBounds(client, partition);
    const bool has_lost = bounds && bounds->low > *reading.committed;
    if (has_lost) lost = static_cast<uint64_t>(bounds->low - *reading.committed);
  }
  reading.next = offset + 1;
  reading.is_at_end = false;
  return lost;
}

void AssignedPartitions::OnEndReached(const KafkaPartition& partition, int64_t offset) {
  Reading& reading = all_[partition];
  reading.next = offset;
  reading.is_at_end = true;
}

void AssignedPartitions::LookForEnds(rd_kafka_t* client, int timeout_ms) {
  for (auto& [name, reading] : all_) {
    Bounds bounds;
    const rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
        client, name.topic.c_str(), name.number, &bounds.low, &bounds.high, timeout_ms);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) reading.end = bounds.high;
  }
}

bool AssignedPartitions::AtEnd() const {
  return std::all_of(all_.begin(), all_.end(), [](const auto& one) {
    return one.second.is_at_end && one.second.next >= one.second.end;
  });
}

uint64_t AssignedPartitions::CountLag(rd_kafka_t* client) const {
  uint64_t lag = 0;
  for (const auto& [name, reading] : all_) {
    if (reading.next < 0 || reading.is_at_end) continue;
    const std::optional<Bounds> bounds = KnownBounds(client, name);
    if (bounds && bounds->high > reading.next) {
      lag += static_cast<uint64_t>(bounds->high - reading.next);
    }
  }
  return lag;
}

}  // namespace sparktail
