#include "ingest/sources/kafka/kafka_streams.h"

#include <algorithm>
#include <string>

namespace sparktail {
namespace {

constexpr absl::Duration kTickInterval = absl::Seconds(1);
constexpr absl::Duration kReadAgain = absl::Seconds(1);
// Streams that were silent for so long are dropped from memory; their cursors are known.
constexpr absl::Duration kIdle = absl::Minutes(10);
constexpr absl::Duration kIdleInterval = absl::Minutes(1);
constexpr size_t kMostResting = 100'000;

// Selects the partition's stream and those of its keys.
auto StreamsIn(const StreamKey& partition) {
  return [&partition, inner = partition.text() + "/"](const StreamKey& stream) {
    return stream == partition || stream.text().starts_with(inner);
  };
}

}  // namespace

KafkaStreams::KafkaStreams(Parts parts)
    : parts_(std::move(parts)),
      os_(parts_.os),
      share_(parts_, parts_.options, parts_.share),
      reading_(parts_.shared.size(), Reading::kNot),
      next_idle_(os_->Now() + kIdleInterval) {}

KafkaStreams::~KafkaStreams() = default;

PartitionStreams* KafkaStreams::Find(const KafkaPartition& partition) const {
  const auto found = partitions_.find(partition);
  return found == partitions_.end() ? nullptr : found->second.get();
}

// ---------------------------------------------------------------- partitions come and go

void KafkaStreams::OnAssigned(const KafkaPartition& partition) {
  partitions_[partition] = std::make_unique<PartitionStreams>(&share_, partition);
  // Cursors that were read before may be old, for the last owner has moved them.
  std::fill(reading_.begin(), reading_.end(), Reading::kNot);
}

bool KafkaStreams::IsReady(const KafkaPartition& partition) {
  PartitionStreams* one = Find(partition);
  if (one->learned) return true;
  TakeCommitted();
  if (const auto lost = lost_.find(partition); lost != lost_.end()) {
    if (!lost->second.expired()) return false;
    lost_.erase(lost);
  }
  if (!ReadShared()) return false;
  for (size_t sink = 0; sink < parts_.shared.size(); ++sink) {
    if (parts_.shared[sink] == nullptr) continue;
    parts_.output->Learn(sink, StreamsIn(one->key()), parts_.shared[sink]->cursors());
  }
  one->learned = true;
  return true;
}

// Returns true once all shared cursors are known as they are now.
bool KafkaStreams::ReadShared() {
  if (os_->Now() < next_read_) return false;
  bool is_done = true;
  for (size_t sink = 0; sink < parts_.shared.size(); ++sink) {
    if (parts_.shared[sink] == nullptr || reading_[sink] == Reading::kDone) continue;
    absl::StatusOr<bool> read = false;
    if (reading_[sink] == Reading::kNot) {
      if (absl::Status begun = parts_.shared[sink]->Begin(); !begun.ok()) read = begun;
    }
    if (read.ok()) read = parts_.shared[sink]->ReadOn();
    if (!read.ok()) {
      parts_.log->Warn("cursors " + parts_.source, "source " + parts_.source +
                                                       " waits for the cursors of sink " +
                                                       parts_.output->SinkName(sink) + ": " +
                                                       std::string(read.status().message()));
      reading_[sink] = Reading::kNot;
      next_read_ = os_->Now() + kReadAgain;
      return false;
    }
    reading_[sink] = *read ? Reading::kDone : Reading::kBegun;
    is_done = is_done && *read;
  }
  return is_done;
}

void KafkaStreams::Begin(const KafkaPartition& partition, std::optional<int64_t> committed) {
  PartitionStreams* one = Find(partition);
  one->Begin(committed);
  if (!committed) return;
  // The group commits what all sinks have, so a sink that does not know the partition is new. But
  // if the group is still where it began, that sink may just have got nothing yet.
  const bool has_moved = one->first() != *committed;
  for (size_t sink = 0; has_moved && sink < parts_.output->sinks(); ++sink) {
    if (parts_.output->CommittedOf(sink, one->key()) != nullptr) continue;
    parts_.output->StartAtOthers(sink, StreamsIn(one->key()));
  }
  parts_.share->Hold(partition, *committed);
}

void KafkaStreams::Leave(const KafkaPartition& partition) {
  PartitionStreams* one = Find(partition);
  if (one->is_read()) one->Leave();
}

bool KafkaStreams::HasLeft(const KafkaPartition& partition) {
  TakeCommitted();
  const PartitionStreams* one = Find(partition);
  return one->last_end() == nullptr || IsDelivered(one->key(), one->last_end());
}

void KafkaStreams::OnLost(const KafkaPartition& partition) {
  const PartitionStreams* one = Find(partition);
  if (one == nullptr) return;
  one->lease()->Lose();
  lost_[partition] = one->lease();
  Remove(partition);
}

void KafkaStreams::Remove(const KafkaPartition& partition) {
  parts_.share->Release(partition);
  std::erase_if(resting_, [&](const auto& one) { return one.first == partition; });
  partitions_.erase(partition);
}

void KafkaStreams::TakeCommitted() {
  parts_.output->TakeCommitted();
  for (const auto& [name, partition] : partitions_) {
    for (size_t sink = 0; partition->has_begun() && sink < parts_.output->sinks(); ++sink) {
      const auto cursor = parts_.output->CommittedOf(sink, partition->key());
      if (cursor != nullptr) {
        parts_.share->Delivered(sink, name, static_cast<int64_t>(cursor->order));
      }
    }
  }
}

// True if all sinks have committed the stream up to `end`.
bool KafkaStreams::IsDelivered(const StreamKey& stream,
                               const std::shared_ptr<const Cursor>& end) const {
  for (size_t sink = 0; sink < parts_.output->sinks(); ++sink) {
    const auto cursor = parts_.output->CommittedOf(sink, stream);
    // A sink that was farther at the start was not given this batch.
    const bool has_it = cursor != nullptr && (cursor == end || cursor->order > end->order);
    if (!has_it) return false;
  }
  return true;
}

std::optional<int64_t> KafkaStreams::OffsetToCommit(const KafkaPartition& partition) {
  PartitionStreams* one = Find(partition);
  if (parts_.sink_commits || one == nullptr) return std::nullopt;
  // A sink may be farther than the group, from an earlier life.
  int64_t offset = one->emitted();
  for (size_t sink = 0; sink < parts_.output->sinks(); ++sink) {
    const auto cursor = parts_.output->CommittedOf(sink, one->key());
    if (cursor == nullptr) return std::nullopt;
    offset = std::min(offset, static_cast<int64_t>(cursor->order));
  }
  if (offset <= std::max(one->to_commit, one->committed().value_or(-1))) return std::nullopt;
  one->to_commit = offset;
  return offset;
}

// ---------------------------------------------------------------- messages

void KafkaStreams::OnRecord(const KafkaPartition& partition, const KafkaRecord& record) {
  PartitionStreams* one = Find(partition);
  if (!is_over_ && one != nullptr && one->is_read()) one->OnRecord(record);
}

void KafkaStreams::OnEndReached(const KafkaPartition& partition, int64_t offset) {
  PartitionStreams* one = Find(partition);
  if (!is_over_ && one != nullptr && one->is_read()) one->OnEndReached(offset);
}

void KafkaStreams::EndTurn() {
  if (is_over_) return;
  const absl::Time now = os_->Now();
  for (const auto& [name, partition] : partitions_) {
    if (partition->is_read()) partition->EndTurn(now);
  }
  share_.content.scratch.Trim();
}

absl::Time KafkaStreams::Tick() {
  const absl::Time now = os_->Now();
  TakeCommitted();
  if (is_over_) return now + kTickInterval;
  bool waits = false;
  for (const auto& [name, partition] : partitions_) {
    if (partition->is_read()) waits |= partition->Tick(now);
  }
  EndTurn();
  if (now >= next_idle_) {
    next_idle_ = now + kIdleInterval;
    DropIdle(now);
  }
  return waits ? now + kTickInterval : next_idle_;
}

void KafkaStreams::DropIdle(absl::Time now) {
  for (const auto& [name, partition] : partitions_) {
    for (StreamKey& key : partition->DropIdle(now - kIdle)) {
      resting_.emplace_back(name, std::move(key));
    }
  }
  for (; resting_.size() > kMostResting; resting_.pop_front()) {
    const auto& [name, key] = resting_.front();
    const PartitionStreams* one = Find(name);
    const bool is_back = one != nullptr && one->Has(key);
    if (!is_back) parts_.output->Forget(key);
  }
}

void KafkaStreams::HandOnAll() {
  if (std::exchange(is_over_, true)) return;
  for (const auto& [name, partition] : partitions_) {
    if (partition->is_read()) partition->HandOn();
  }
}

void KafkaStreams::EndAll() {
  for (const auto& [name, partition] : partitions_) {
    if (partition->is_read()) partition->GiveUpAll();
  }
  HandOnAll();
}

// ---------------------------------------------------------------- state

std::vector<StreamKey> KafkaStreams::Streams() const {
  std::vector<StreamKey> keys;
  for (const auto& [name, partition] : partitions_) {
    keys.push_back(partition->key());
    partition->AddKeys(&keys);
  }
  return keys;
}

size_t KafkaStreams::streams() const {
  size_t count = 0;
  for (const auto& [name, partition] : partitions_) count += partition->size();
  return count;
}

ParserStats KafkaStreams::stats() const {
  ParserStats sum = share_.content.ended;
  for (const auto& [name, partition] : partitions_) partition->AddStats(&sum);
  return sum;
}

}  // namespace sparktail
