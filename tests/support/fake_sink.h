#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/streams/batch.h"
#include "sinks/sink.h"

namespace sparktail::testing {

// What a FakeSink was told to do, and how it is to behave. Outlives the sink. Thread-safe.
class SinkWorld {
 public:
  enum class Step : uint8_t { kWrite, kCommit, kRollback, kTidy };
  struct Commit {
    std::vector<std::string> documents;
    std::vector<StreamCursor> cursors;
  };
  // Says how the n-th call of this kind (from 1) ends.
  using Behaviour = std::function<absl::Status(Step, size_t n)>;

  void Behave(Behaviour behaviour) {
    const absl::MutexLock lock(&mutex_);
    behaviour_ = std::move(behaviour);
  }
  // Commits that fail are made all the same.
  void FailedCommitsTakeEffect() {
    const absl::MutexLock lock(&mutex_);
    failed_commits_take_effect_ = true;
  }
  // Writes wait until Open().
  void Close() {
    const absl::MutexLock lock(&mutex_);
    is_open_ = false;
  }
  void Open() {
    const absl::MutexLock lock(&mutex_);
    is_open_ = true;
  }

  std::vector<Commit> commits() const {
    const absl::MutexLock lock(&mutex_);
    return commits_;
  }
  // That are committed, in their order.
  std::vector<std::string> documents() const {
    std::vector<std::string> all;
    for (const Commit& commit : commits()) {
      all.insert(all.end(), commit.documents.begin(), commit.documents.end());
    }
    return all;
  }
  // All that was ever written, what was rolled back included.
  std::vector<std::string> written() const {
    const absl::MutexLock lock(&mutex_);
    return written_;
  }
  size_t calls(Step step) const {
    const absl::MutexLock lock(&mutex_);
    return calls_[static_cast<size_t>(step)];
  }

 private:
  friend class FakeSink;

  absl::Status Next(Step step) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const size_t n = ++calls_[static_cast<size_t>(step)];
    return behaviour_ ? behaviour_(step, n) : absl::OkStatus();
  }

  mutable absl::Mutex mutex_;
  Behaviour behaviour_ ABSL_GUARDED_BY(mutex_);
  bool failed_commits_take_effect_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_open_ ABSL_GUARDED_BY(mutex_) = true;
  size_t calls_[4] ABSL_GUARDED_BY(mutex_) = {};
  std::vector<Commit> commits_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> written_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> pending_ ABSL_GUARDED_BY(mutex_);
  bool commit_was_made_ ABSL_GUARDED_BY(mutex_) = false;  // the last one, which failed
};

class FakeSink : public Sink {
 public:
  static constexpr uint64_t kLostBytes = 8;

  explicit FakeSink(SinkWorld* world) : world_(world) {}

  void AddTo(SinkStatus* status) const override { status->lost_bytes = kLostBytes; }

  absl::StatusOr<std::vector<StreamCursor>> Open() override { return std::vector<StreamCursor>(); }

  absl::Status Write(const EventBuffer& events, size_t first) override {
    const absl::MutexLock lock(&world_->mutex_);
    world_->mutex_.Await(absl::Condition(&world_->is_open_));
    if (absl::Status status = world_->Next(SinkWorld::Step::kWrite); !status.ok()) return status;
    for (size_t i = first; i < events.events.size(); ++i) {
      world_->pending_.emplace_back(events.document(events.events[i]));
      world_->written_.push_back(world_->pending_.back());
    }
    return absl::OkStatus();
  }

  absl::Status Commit(std::span<const StreamCursor> cursors) override {
    const absl::MutexLock lock(&world_->mutex_);
    absl::Status status = world_->Next(SinkWorld::Step::kCommit);
    if (!status.ok() && !world_->failed_commits_take_effect_) return status;
    world_->commits_.push_back(
        {std::exchange(world_->pending_, {}), {cursors.begin(), cursors.end()}});
    world_->commit_was_made_ = !status.ok();
    return status;
  }

  absl::StatusOr<bool> Rollback() override {
    const absl::MutexLock lock(&world_->mutex_);
    if (absl::Status status = world_->Next(SinkWorld::Step::kRollback); !status.ok()) {
      return status;
    }
    world_->pending_.clear();
    return std::exchange(world_->commit_was_made_, false);
  }

  absl::Status Tidy() override {
    const absl::MutexLock lock(&world_->mutex_);
    return world_->Next(SinkWorld::Step::kTidy);
  }

 private:
  SinkWorld* world_;
};

// A batch of `stream` with these documents, a byte of content each, that ends at `end`.
inline std::shared_ptr<const Batch> MakeBatch(std::string_view stream, uint64_t end,
                                              const std::vector<std::string>& documents,
                                              bool ended = false) {
  auto batch = std::make_shared<Batch>();
  batch->stream = StreamKey(stream);
  const uint64_t begin = end - documents.size();
  for (const std::string& document : documents) {
    EventRef event;
    event.offset = begin + batch->events.events.size();
    event.begin = batch->events.bytes.size();
    batch->events.bytes.Append(document);
    event.end = batch->events.bytes.size();
    batch->events.bytes.Append('\n');
    batch->events.events.push_back(event);
  }
  auto cursor = std::make_shared<Cursor>();
  cursor->order = end;
  cursor->context = std::make_shared<const std::string>("{}");
  cursor->ended = ended;
  batch->end = std::move(cursor);
  return batch;
}

}  // namespace sparktail::testing
