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

// What a member of a consumer group holds, and how far each sink is with it. Thread-safe: the
// reader holds and releases, sinks ask before they commit.
class GroupShare {
 public:
  GroupShare(std::string source, size_t sinks) : source_(std::move(source)), sinks_(sinks) {}

  // No sink is behind `offset`.
  void Hold(const KafkaPartition& partition, int64_t offset);
  // From now on no commit takes part in it.
  void Release(const KafkaPartition& partition);
  // All of the partition before `offset` is delivered by the sink.
  void Delivered(size_t sink, const KafkaPartition& partition, int64_t offset);

  using Offsets = std::map<KafkaPartition, int64_t>;
  // The group's offsets that are to be committed together with these cursors of one sink: never
  // farther than all other sinks are. Cursors of other sources are passed over. kUnavailable if one
  // of them is of a partition that is not held any more: then this commit must not be made. While
  // `then` is called nothing is released.
  absl::StatusOr<Offsets> OffsetsOf(size_t sink, std::span<const StreamCursor> cursors,
                                    absl::FunctionRef<void()> then) const;

 private:
  const std::string source_;
  const size_t sinks_;
  mutable absl::Mutex mutex_;
  std::map<KafkaPartition, std::vector<int64_t>> held_ ABSL_GUARDED_BY(mutex_);  // by sink
};

}  // namespace sparktail
