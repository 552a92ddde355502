#pragma once

#include <librdkafka/rdkafka.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "ingest/kafka/kafka_handles.h"
#include "ingest/sources/kafka/kafka_tail.h"

namespace sparktail {

std::vector<KafkaPartition> NamesOf(const rd_kafka_topic_partition_list_t& list);

// How far this member of a group has read the partitions that are assigned to it. Reader thread
// only.
class AssignedPartitions {
 public:
  void Add(const KafkaPartition& partition, std::optional<int64_t> committed);
  void Remove(const KafkaPartition& partition) { all_.erase(partition); }
  bool Contains(const KafkaPartition& partition) const { return all_.contains(partition); }
  size_t size() const { return all_.size(); }
  std::vector<KafkaPartition> Names() const;
  KafkaPartitions List() const;  // as librdkafka takes it

  // The message at `offset` was read. Returns how many messages the topic has lost between what the
  // group had committed and this first message of the partition.
  uint64_t OnMessage(rd_kafka_t* client, const KafkaPartition& partition, int64_t offset);
  // The partition has no messages at `offset` or after it at present.
  void OnEndReached(const KafkaPartition& partition, int64_t offset);

  // Asks for the present ends of the partitions and blocks for at most `timeout_ms` for each.
  void LookForEnds(rd_kafka_t* client, int timeout_ms);
  // True if everything before these ends is read.
  bool AtEnd() const;
  // Messages that are not read yet, as far as the client knows.
  uint64_t CountLag(rd_kafka_t* client) const;

 private:
  struct Reading {
    std::optional<int64_t> committed;  // at the start
    int64_t next = -1;                 // next offset to read; -1: not known yet
    int64_t end = -1;                  // as found by LookForEnds()
    bool is_at_end = false;
  };
  std::map<KafkaPartition, Reading> all_;
};

}  // namespace sparktail
