#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>
#include <absl/synchronization/mutex.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ingest/sources/kafka/kafka_tail.h"
#include "offsets/cursor.h"

namespace sparktail {

// The partitions that a member of a consumer group holds, and the offset that each sink has reached
// in them. Thread-safe: the reader thread holds and releases partitions, and sinks call OffsetsOf()
// before they commit.
class GroupShare {
 public:
  GroupShare(std::string source, size_t sinks) : source_(std::move(source)), sinks_(sinks) {}

  // Holds the partition; every sink has everything before `offset`.
  void Hold(const KafkaPartition& partition, int64_t offset);
  // From now on no commit includes the partition.
  void Release(const KafkaPartition& partition);
  // The sink has delivered everything of the partition before `offset`.
  void Delivered(size_t sink, const KafkaPartition& partition, int64_t offset);

  using Offsets = std::map<KafkaPartition, int64_t>;
  // The group's offsets to commit together with these cursors of one sink. An offset never exceeds
  // those of the other sinks. Cursors of other sources are skipped. kUnavailable if a cursor
  // belongs to a partition that is no longer held: the sink must not commit then. No partition is
  // released while `then` runs, which is called before this function returns.
  absl::StatusOr<Offsets> OffsetsOf(size_t sink, std::span<const StreamCursor> cursors,
                                    absl::FunctionRef<void()> then) const;

 private:
  const std::string source_;
  const size_t sinks_;
  mutable absl::Mutex mutex_;
  std::map<KafkaPartition, std::vector<int64_t>> held_ ABSL_GUARDED_BY(mutex_);  // offset by sink
};

}  // namespace sparktail
