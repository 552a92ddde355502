#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/clock.h>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "offsets/cursor_store.h"
#include "tests/support/stream_keys.h"

namespace sparktail::testing {

// Cursors in memory, of which the n-th Commit() fails, or all from the n-th on. Thread-safe.
class MemoryCursorStore : public CursorStore {
 public:
  struct Fault {
    size_t n = 1;  // counted from when the fault is set
    bool takes_effect = false;
    bool from_then_on = false;
    absl::Status status = absl::UnavailableError("the cursors can't be stored");
  };
  // One at a time: the last one set counts.
  void Fail(Fault fault) {
    const absl::MutexLock lock(&mutex_);
    fault_ = std::move(fault);
    matched_ = failed_ = 0;
  }
  void Heal() {
    const absl::MutexLock lock(&mutex_);
    fault_.reset();
  }
  // How often the fault that was last set has struck.
  size_t failed() const {
    const absl::MutexLock lock(&mutex_);
    return failed_;
  }
  size_t commits() const {
    const absl::MutexLock lock(&mutex_);
    return commits_;
  }
  // Asked before all else by every call but LoadAll(): what it does not like fails, untouched.
  void set_gate(std::function<absl::Status()> gate) { gate_ = std::move(gate); }

  absl::StatusOr<std::vector<StreamCursor>> Load(std::string_view sink) override {
    if (absl::Status status = Ask(); !status.ok()) return status;
    const absl::MutexLock lock(&mutex_);
    std::vector<StreamCursor> found;
    for (const auto& [key, entry] : entries_) {
      if (key.first == sink) found.push_back({key.second, entry.cursor});
    }
    return found;
  }

  absl::StatusOr<std::vector<Entry>> LoadAll() override {
    const absl::MutexLock lock(&mutex_);
    std::vector<Entry> all;
    for (const auto& [key, entry] : entries_) {
      all.push_back({key.first, {key.second, entry.cursor}, entry.updated});
    }
    return all;
  }

  absl::Status Commit(std::string_view sink, std::span<const StreamCursor> cursors,
                      const std::optional<std::string>& state) override {
    if (absl::Status status = Ask(); !status.ok()) return status;
    const absl::MutexLock lock(&mutex_);
    ++commits_;
    const bool fails = Fails();
    if (fails && !fault_->takes_effect) return fault_->status;
    for (const StreamCursor& cursor : cursors) {
      entries_[{std::string(sink), cursor.stream}] = {cursor.cursor, absl::Now()};
    }
    if (state) states_[std::string(sink)] = *state;
    return fails ? fault_->status : absl::OkStatus();
  }

  absl::StatusOr<std::string> LoadState(std::string_view sink) override {
    if (absl::Status status = Ask(); !status.ok()) return status;
    const absl::MutexLock lock(&mutex_);
    const auto found = states_.find(std::string(sink));
    return found == states_.end() ? std::string() : found->second;
  }

  absl::StatusOr<size_t> Forget(std::string_view sink, std::string_view stream) override {
    if (absl::Status status = Ask(); !status.ok()) return status;
    return Erase([&](const Key& key, const Kept&) {
      return (sink.empty() || key.first == sink) && (stream.empty() || key.second == stream);
    });
  }
  absl::StatusOr<size_t> Expire(absl::Time before) override {
    if (absl::Status status = Ask(); !status.ok()) return status;
    return Erase([&](const Key&, const Kept& entry) { return entry.updated < before; });
  }
  absl::Status Touch(std::span<const StreamKey> streams) override {
    if (absl::Status status = Ask(); !status.ok()) return status;
    const absl::MutexLock lock(&mutex_);
    for (const StreamKey& stream : streams) {
      for (auto& [key, entry] : entries_) {
        if (key.second == stream) entry.updated = absl::Now();
      }
    }
    return absl::OkStatus();
  }

  // As if offsets.db had been lost.
  void Clear() {
    const absl::MutexLock lock(&mutex_);
    entries_.clear();
    states_.clear();
  }

 private:
  using Key = std::pair<std::string, StreamKey>;  // sink, stream
  struct Kept {
    Cursor cursor;
    absl::Time updated;
  };

  absl::Status Ask() const { return gate_ ? gate_() : absl::OkStatus(); }

  bool Fails() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!fault_) return false;
    ++matched_;
    const bool fails = fault_->from_then_on ? matched_ >= fault_->n : matched_ == fault_->n;
    if (fails) ++failed_;
    return fails;
  }

  template <typename Matches>
  size_t Erase(Matches matches) {
    const absl::MutexLock lock(&mutex_);
    return std::erase_if(entries_,
                         [&](const auto& entry) { return matches(entry.first, entry.second); });
  }

  std::function<absl::Status()> gate_;
  mutable absl::Mutex mutex_;
  std::map<Key, Kept> entries_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> states_ ABSL_GUARDED_BY(mutex_);
  std::optional<Fault> fault_ ABSL_GUARDED_BY(mutex_);
  size_t matched_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t failed_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t commits_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace sparktail::testing
