#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

namespace sparktail {

struct KafkaPartition {
  std::string topic;
  int32_t number = 0;

  bool operator==(const KafkaPartition&) const = default;
  bool operator<(const KafkaPartition& other) const {
    return std::tie(topic, number) < std::tie(other.topic, other.number);
  }
};

// Views are valid during the call.
struct KafkaRecord {
  int64_t offset = 0;
  std::string_view key;  // empty: none
  std::optional<std::string_view> value;
};

// What becomes of the records of a group's partitions. The source calls it, on the reader thread;
// it knows nothing of brokers, as the source knows nothing of logs.
//
//   Assigned → IsReady until true → Begin → Took, Took, AtEnd … → Leave → HasLeft until true → Drop
//
// or Lost at any time after Assigned, instead of the rest.
class KafkaTail {
 public:
  virtual ~KafkaTail() = default;

  // Records may come. If not, the source asks again later.
  virtual bool HasRoom() = 0;

  // The group will give us the partition. What is needed to go on where it was left is got from
  // where that is stored.
  virtual void Assigned(const KafkaPartition& partition) = 0;
  virtual bool IsReady(const KafkaPartition& partition) = 0;
  // Records come from now on; the group has committed this offset, or none.
  virtual void Begin(const KafkaPartition& partition, std::optional<int64_t> committed) = 0;

  virtual void Took(const KafkaPartition& partition, const KafkaRecord& record) = 0;
  // There are no records at `offset` or behind it now.
  virtual void AtEnd(const KafkaPartition& partition, int64_t offset) = 0;
  // What came of the records is handed on.
  virtual void EndTurn() = 0;

  // The group takes the partition back: what is settled is handed on, no more records come.
  virtual void Leave(const KafkaPartition& partition) = 0;
  // All that was handed on is delivered, and its cursors are durable.
  virtual bool HasLeft(const KafkaPartition& partition) = 0;
  virtual void Drop(const KafkaPartition& partition) = 0;
  // The group has given it to another member already: what is not delivered, that one delivers.
  virtual void Lost(const KafkaPartition& partition) = 0;

  // The offset that the source is to commit for the group: all before it is delivered by all
  // sinks. Nothing: none yet, or a sink commits it.
  virtual std::optional<int64_t> ToCommit(const KafkaPartition& partition) = 0;
};

}  // namespace sparktail
