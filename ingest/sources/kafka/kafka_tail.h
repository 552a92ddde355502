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

  std::string ToText() const { return topic + "/" + std::to_string(number); }
  bool operator==(const KafkaPartition&) const = default;
  bool operator<(const KafkaPartition& other) const {
    return std::tie(topic, number) < std::tie(other.topic, other.number);
  }
};

// The views are valid during the call that passes them.
struct KafkaRecord {
  int64_t offset = 0;
  std::string_view key;  // empty: the record has no key
  std::optional<std::string_view> value;
};

// Takes the records of a group's partitions. KafkaSource calls it on the reader thread. A tail
// knows nothing of brokers; the source knows nothing of logs. The calls for one partition, in
// order:
//
//   OnAssigned → IsReady until true → Begin → OnRecord, OnRecord, OnEndReached …
//              → Leave → HasLeft until true → Drop
//
// OnLost may come at any time after OnAssigned and replaces the rest.
class KafkaTail {
 public:
  virtual ~KafkaTail() = default;

  // True if the tail accepts records now. If false, the source asks again later.
  virtual bool HasRoom() = 0;

  // The group is about to give us the partition. The tail starts to fetch, from where it is
  // stored, the state it needs to resume; IsReady() is true once it has that state.
  virtual void OnAssigned(const KafkaPartition& partition) = 0;
  virtual bool IsReady(const KafkaPartition& partition) = 0;
  // Records come from now on. `committed` is the offset that the group has committed, if any.
  virtual void Begin(const KafkaPartition& partition, std::optional<int64_t> committed) = 0;

  virtual void OnRecord(const KafkaPartition& partition, const KafkaRecord& record) = 0;
  // The partition has no records at `offset` or after it at present.
  virtual void OnEndReached(const KafkaPartition& partition, int64_t offset) = 0;
  // Emits the events of the records so far.
  virtual void EndTurn() = 0;

  // The group takes the partition back. The tail emits what is settled; no more records come.
  virtual void Leave(const KafkaPartition& partition) = 0;
  // True once everything emitted is delivered and its cursors are durable.
  virtual bool HasLeft(const KafkaPartition& partition) = 0;
  virtual void Drop(const KafkaPartition& partition) = 0;
  // The group has already given the partition to another member, which delivers everything that is
  // not delivered yet.
  virtual void OnLost(const KafkaPartition& partition) = 0;

  // The offset that the source is to commit for the group: every sink has delivered everything
  // before it. Empty if there is nothing new to commit, or if a sink commits the group's offsets.
  virtual std::optional<int64_t> OffsetToCommit(const KafkaPartition& partition) = 0;
};

}  // namespace sparktail
