#include "ingest/delivery/distributor.h"

#include <algorithm>
#include <utility>

namespace sparktail {
namespace {

constexpr size_t kNoBatch = SIZE_MAX;

struct Wanted {
  const std::shared_ptr<const Batch>* batch;
  size_t first;  // event that the sink lacks
};

// Returns the first cursor in the stream; null if no sink has one.
const Cursor* FirstOf(const std::vector<std::shared_ptr<const Cursor>>& cursors) {
  const Cursor* first = nullptr;
  for (const auto& cursor : cursors) {
    if (cursor == nullptr) continue;
    if (first == nullptr || cursor->order < first->order) first = cursor.get();
  }
  return first;
}

}  // namespace

Distributor::Distributor(std::vector<SinkWorker*> sinks,
                         std::vector<std::vector<StreamCursor>> cursors)
    : sinks_(std::move(sinks)) {
  for (size_t sink = 0; sink < cursors.size(); ++sink) {
    for (StreamCursor& stream : cursors[sink]) {
      Known& known = streams_[stream.stream];
      known.cursors.resize(sinks_.size());
      known.cursors[sink] = std::make_shared<const Cursor>(std::move(stream.cursor));
    }
  }
}

void Distributor::StartNewSinksAtOthers() {
  for (size_t sink = 0; sink < sinks_.size(); ++sink) {
    const auto knows = [&](const auto& stream) { return stream.second.cursors[sink] != nullptr; };
    if (std::any_of(streams_.begin(), streams_.end(), knows)) continue;
    for (auto& [key, known] : streams_) {
      known.cursors[sink] = std::make_shared<const Cursor>(*FirstOf(known.cursors));
    }
  }
}

const Cursor* Distributor::StartOf(const StreamKey& stream) const {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return nullptr;
  const Cursor* first = nullptr;
  for (const auto& cursor : found->second.cursors) {
    if (cursor == nullptr) return nullptr;
    if (first == nullptr || cursor->order < first->order) first = cursor.get();
  }
  return first;
}

const Cursor* Distributor::NewestOf(const StreamKey& stream) const {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return nullptr;
  const Cursor* newest = nullptr;
  for (const auto& cursor : found->second.cursors) {
    if (cursor == nullptr) continue;
    if (newest == nullptr || cursor->order > newest->order) newest = cursor.get();
  }
  return newest;
}

std::vector<StreamKey> Distributor::Streams() const {
  std::vector<StreamKey> keys;
  keys.reserve(streams_.size());
  for (const auto& [key, known] : streams_) keys.push_back(key);
  return keys;
}

void Distributor::Learn(size_t sink, Concerns concerns, std::vector<StreamCursor> cursors) {
  for (auto& [stream, known] : streams_) {
    if (concerns(stream)) known.cursors[sink] = nullptr;
  }
  for (StreamCursor& cursor : cursors) {
    if (!concerns(cursor.stream)) continue;
    Known& known = streams_[cursor.stream];
    known.cursors.resize(sinks_.size());
    known.cursors[sink] = std::make_shared<const Cursor>(std::move(cursor.cursor));
  }
  std::erase_if(streams_, [](const auto& one) { return FirstOf(one.second.cursors) == nullptr; });
}

void Distributor::StartAtOthers(size_t sink, Concerns concerns) {
  for (auto& [stream, known] : streams_) {
    if (!concerns(stream)) continue;
    known.cursors[sink] = nullptr;
    const Cursor* first = FirstOf(known.cursors);
    if (first != nullptr) known.cursors[sink] = std::make_shared<const Cursor>(*first);
  }
}

void Distributor::Forget(const StreamKey& stream) { streams_.erase(stream); }

void Distributor::WatchCommits(const std::string& source, const std::function<void()>& wake) {
  inbox_ = std::make_shared<Inbox>();
  for (size_t sink = 0; sink < sinks_.size(); ++sink) {
    sinks_[sink]->WatchCommits(source,
                               [sink, inbox = inbox_, wake](const std::vector<StreamMoved>& moved) {
                                 {
                                   const absl::MutexLock lock(&inbox->mutex);
                                   for (const StreamMoved& one : moved)
                                     inbox->moved.emplace_back(sink, one);
                                 }
                                 wake();
                               });
  }
}

void Distributor::TakeCommitted() {
  std::vector<std::pair<size_t, StreamMoved>> all;
  {
    const absl::MutexLock lock(&inbox_->mutex);
    all.swap(inbox_->moved);
  }
  for (auto& [sink, moved] : all) {
    Known& known = streams_[moved.stream];
    known.cursors.resize(sinks_.size());
    known.cursors[sink] = std::move(moved.cursor);
  }
}

std::shared_ptr<const Cursor> Distributor::CommittedOf(size_t sink, const StreamKey& stream) const {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : found->second.cursors[sink];
}

bool Distributor::HasRoom() const {
  return std::all_of(sinks_.begin(), sinks_.end(),
                     [](SinkWorker* sink) { return sink->HasRoom(); });
}

void Distributor::Emit(std::span<const std::shared_ptr<const Batch>> batches) {
  for (size_t sink = 0; sink < sinks_.size(); ++sink) {
    std::vector<Wanted> wanted;
    for (const std::shared_ptr<const Batch>& batch : batches) {
      const size_t first = FirstFor(sink, *batch);
      if (first != kNoBatch) wanted.push_back({&batch, first});
    }
    for (size_t i = 0; i < wanted.size(); ++i) {
      sinks_[sink]->Push(*wanted[i].batch, wanted[i].first, /*more=*/i + 1 < wanted.size());
    }
  }
}

std::vector<uint64_t> Distributor::Given() const {
  std::vector<uint64_t> given;
  for (const SinkWorker* sink : sinks_) given.push_back(sink->pushed());
  return given;
}

bool Distributor::HaveDelivered(const std::vector<uint64_t>& given) const {
  return std::equal(
      sinks_.begin(), sinks_.end(), given.begin(),
      [](const SinkWorker* sink, uint64_t pushed) { return sink->settled() >= pushed; });
}

// Returns the index of the first event that the sink lacks, or kNoBatch if its cursor is after the
// whole batch.
size_t Distributor::FirstFor(size_t sink, const Batch& batch) const {
  const auto known = streams_.find(batch.stream);
  const Cursor* start = known == streams_.end() ? nullptr : known->second.cursors[sink].get();
  if (start == nullptr) return 0;
  const bool has_all =
      batch.end->order < start->order || (batch.end->order == start->order && start->ended);
  if (has_all) return kNoBatch;
  const std::vector<EventRef>& events = batch.events.events;
  const auto first = std::partition_point(events.begin(), events.end(), [&](const EventRef& event) {
    return event.offset < start->order;
  });
  return static_cast<size_t>(first - events.begin());
}

}  // namespace sparktail
