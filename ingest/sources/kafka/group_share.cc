#include "ingest/sources/kafka/group_share.h"

#include <algorithm>
#include <optional>

#include "ingest/sources/kafka/kafka_position.h"

namespace sparktail {

void GroupShare::Hold(const KafkaPartition& partition, int64_t offset) {
  const absl::MutexLock lock(&mutex_);
  held_[partition].assign(sinks_, offset);
}

void GroupShare::Release(const KafkaPartition& partition) {
  const absl::MutexLock lock(&mutex_);
  held_.erase(partition);
}

void GroupShare::Delivered(size_t sink, const KafkaPartition& partition, int64_t offset) {
  const absl::MutexLock lock(&mutex_);
  const auto held = held_.find(partition);
  if (held != held_.end()) held->second[sink] = offset;
}

absl::StatusOr<GroupShare::Offsets> GroupShare::OffsetsOf(size_t sink,
                                                          std::span<const StreamCursor> cursors,
                                                          absl::FunctionRef<void()> then) const {
  Offsets offsets;
  const absl::MutexLock lock(&mutex_);
  for (const StreamCursor& cursor : cursors) {
    if (cursor.stream.source() != source_) continue;
    const std::optional<KafkaPartition> partition = PartitionOfStream(cursor.stream);
    if (!partition) continue;
    const auto held = held_.find(*partition);
    if (held == held_.end()) {
      return absl::UnavailableError("the group has revoked partition " + partition->ToText());
    }
    if (cursor.stream != KafkaStreamKey(source_, *partition)) continue;
    const std::optional<KafkaPosition> position = KafkaPosition::FromJson(cursor.cursor.position);
    if (!position) continue;
    int64_t offset = position->offset;
    for (size_t other = 0; other < held->second.size(); ++other) {
      if (other != sink) offset = std::min(offset, held->second[other]);
    }
    offsets[*partition] = offset;
  }
  then();
  return offsets;
}

}  // namespace sparktail
