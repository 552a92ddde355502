#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ingest/base/os.h"

namespace sparktail::testing {

// The real operating system, of which the n-th call fails, or all from the n-th on. Its reads and
// writes are as short as a test likes, and its clock can be moved. Thread-safe.
//
// A call that is made to fail does nothing else. Close, Unwatch and Now cannot fail, and are not
// counted.
class FaultyOs : public PosixOs {
 public:
  enum class Call : uint8_t {
    kOpen,
    kOpenToFollow,
    kOpenToAppend,
    kStat,
    kStatPath,
    kRead,
    kWrite,
    kHasReader,
    kReadAt,
    kTruncate,
    kSync,
    kSyncDirectory,
    kLock,
    kRename,
    kRemove,
    kMakeDirectory,
    kList,
    kRealPath,
    kIsRemote,
    kWatchInit,
    kWatchDirectory,
    kReadEvents,
  };
  static constexpr size_t kCalls = static_cast<size_t>(Call::kReadEvents) + 1;

  // Which calls a fault is about.
  class Calls {
   public:
    Calls() : bits_((uint32_t{1} << kCalls) - 1) {}  // all
    Calls(std::initializer_list<Call> calls) {
      for (const Call call : calls) bits_ |= Bit(call);
    }
    bool contains(Call call) const { return (bits_ & Bit(call)) != 0; }

   private:
    static uint32_t Bit(Call call) { return uint32_t{1} << static_cast<uint32_t>(call); }
    uint32_t bits_ = 0;
  };

  struct Fault {
    size_t n = 1;  // of the calls that match, counted from when the fault is set
    absl::Status status = absl::UnavailableError("Input/output error");
    bool from_then_on = false;
    Calls calls = {};
    std::string path_contains = {};  // of the call's path, or of that under which its fd was opened
  };

  // One at a time: the last one set counts.
  void Fail(Fault fault) {
    const absl::MutexLock lock(&mutex_);
    fault_ = std::move(fault);
    matched_ = 0;
    failed_ = 0;
    first_failure_.clear();
  }
  void Heal() {
    const absl::MutexLock lock(&mutex_);
    fault_.reset();
  }

  // How often the fault that was last set has struck, and what first, for messages: "Write /a/b".
  size_t failed() const {
    const absl::MutexLock lock(&mutex_);
    return failed_;
  }
  std::string first_failure() const {
    const absl::MutexLock lock(&mutex_);
    return first_failure_;
  }

  // Calls since the beginning, failed ones included.
  size_t calls() const {
    const absl::MutexLock lock(&mutex_);
    size_t all = 0;
    for (const size_t count : counts_) all += count;
    return all;
  }
  size_t calls(Call call) const {
    const absl::MutexLock lock(&mutex_);
    return counts_[static_cast<size_t>(call)];
  }
  // Descriptors that are open.
  size_t open_files() const {
    const absl::MutexLock lock(&mutex_);
    return paths_.size();
  }

  // Bytes that one call reads or writes at most.
  void set_most_read(size_t size) {
    const absl::MutexLock lock(&mutex_);
    most_read_ = size;
  }
  void set_most_written(size_t size) {
    const absl::MutexLock lock(&mutex_);
    most_written_ = size;
  }

  // Syncs are counted, and fail if they shall, but are not made: a test that only kills processes
  // needs none.
  void SkipSyncs() {
    const absl::MutexLock lock(&mutex_);
    skips_syncs_ = true;
  }

  // The clock stands still from now on, and moves by Advance() only.
  void SetNow(absl::Time now) {
    const absl::MutexLock lock(&mutex_);
    now_ = now;
  }
  // Also of a clock that goes.
  void Advance(absl::Duration by) {
    const absl::MutexLock lock(&mutex_);
    if (now_) {
      *now_ += by;
    } else {
      ahead_ += by;
    }
  }

  absl::Time Now() override {
    const absl::MutexLock lock(&mutex_);
    return now_ ? *now_ : PosixOs::Now() + ahead_;
  }

  absl::StatusOr<int> Open(const std::string& path) override {
    return Opened(path, Call::kOpen, [&] { return PosixOs::Open(path); });
  }
  absl::StatusOr<int> OpenToFollow(const std::string& path) override {
    return Opened(path, Call::kOpenToFollow, [&] { return PosixOs::OpenToFollow(path); });
  }
  absl::StatusOr<int> OpenToAppend(const std::string& path, mode_t mode) override {
    return Opened(path, Call::kOpenToAppend, [&] { return PosixOs::OpenToAppend(path, mode); });
  }
  void Close(int fd) override {
    {
      // Before it is closed: another thread may get the same number at once.
      const absl::MutexLock lock(&mutex_);
      paths_.erase(fd);
    }
    PosixOs::Close(fd);
  }
  absl::StatusOr<FileInfo> Stat(int fd) override {
    if (absl::Status fault = Next(Call::kStat, fd); !fault.ok()) return fault;
    return PosixOs::Stat(fd);
  }
  absl::StatusOr<FileInfo> StatPath(const std::string& path, bool follow_links) override {
    if (absl::Status fault = Next(Call::kStatPath, path); !fault.ok()) return fault;
    return PosixOs::StatPath(path, follow_links);
  }
  absl::StatusOr<size_t> Read(int fd, char* buffer, size_t size) override {
    if (absl::Status fault = Next(Call::kRead, fd); !fault.ok()) return fault;
    return PosixOs::Read(fd, buffer, std::min(size, most_read()));
  }
  absl::StatusOr<size_t> Write(int fd, const char* buffer, size_t size) override {
    if (absl::Status fault = Next(Call::kWrite, fd); !fault.ok()) return fault;
    return PosixOs::Write(fd, buffer, std::min(size, most_written()));
  }
  absl::StatusOr<bool> HasReader(int fd) override {
    if (absl::Status fault = Next(Call::kHasReader, fd); !fault.ok()) return fault;
    return PosixOs::HasReader(fd);
  }
  absl::StatusOr<size_t> ReadAt(int fd, uint64_t offset, char* buffer, size_t size) override {
    if (absl::Status fault = Next(Call::kReadAt, fd); !fault.ok()) return fault;
    return PosixOs::ReadAt(fd, offset, buffer, std::min(size, most_read()));
  }
  absl::Status Truncate(int fd, uint64_t size) override {
    if (absl::Status fault = Next(Call::kTruncate, fd); !fault.ok()) return fault;
    return PosixOs::Truncate(fd, size);
  }
  absl::Status Sync(int fd) override {
    if (absl::Status fault = Next(Call::kSync, fd); !fault.ok()) return fault;
    return skips_syncs() ? absl::OkStatus() : PosixOs::Sync(fd);
  }
  absl::Status SyncDirectory(const std::string& path) override {
    if (absl::Status fault = Next(Call::kSyncDirectory, path); !fault.ok()) return fault;
    return skips_syncs() ? absl::OkStatus() : PosixOs::SyncDirectory(path);
  }
  absl::StatusOr<bool> Lock(int fd) override {
    if (absl::Status fault = Next(Call::kLock, fd); !fault.ok()) return fault;
    return PosixOs::Lock(fd);
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (absl::Status fault = Next(Call::kRename, from); !fault.ok()) return fault;
    return PosixOs::Rename(from, to);
  }
  absl::Status Remove(const std::string& path) override {
    if (absl::Status fault = Next(Call::kRemove, path); !fault.ok()) return fault;
    return PosixOs::Remove(path);
  }
  absl::Status MakeDirectory(const std::string& path, mode_t mode) override {
    if (absl::Status fault = Next(Call::kMakeDirectory, path); !fault.ok()) return fault;
    return PosixOs::MakeDirectory(path, mode);
  }
  absl::StatusOr<std::vector<std::string>> List(const std::string& path) override {
    if (absl::Status fault = Next(Call::kList, path); !fault.ok()) return fault;
    return PosixOs::List(path);
  }
  absl::StatusOr<std::string> RealPath(const std::string& path) override {
    if (absl::Status fault = Next(Call::kRealPath, path); !fault.ok()) return fault;
    return PosixOs::RealPath(path);
  }
  absl::StatusOr<bool> IsRemote(const std::string& path) override {
    if (absl::Status fault = Next(Call::kIsRemote, path); !fault.ok()) return fault;
    return PosixOs::IsRemote(path);
  }
  absl::StatusOr<int> WatchInit() override {
    return Opened("inotify", Call::kWatchInit, [&] { return PosixOs::WatchInit(); });
  }
  absl::StatusOr<int> WatchDirectory(int watch_fd, const std::string& path) override {
    if (absl::Status fault = Next(Call::kWatchDirectory, path); !fault.ok()) return fault;
    return PosixOs::WatchDirectory(watch_fd, path);
  }
  absl::StatusOr<size_t> ReadEvents(int watch_fd, char* buffer, size_t size) override {
    if (absl::Status fault = Next(Call::kReadEvents, watch_fd); !fault.ok()) return fault;
    return PosixOs::ReadEvents(watch_fd, buffer, size);
  }

 private:
  static constexpr std::array<std::string_view, kCalls> kNames = {
      "Open",     "OpenToFollow", "OpenToAppend",   "Stat",          "StatPath", "Read",
      "Write",    "HasReader",    "ReadAt",         "Truncate",      "Sync",     "SyncDirectory",
      "Lock",     "Rename",       "Remove",         "MakeDirectory", "List",     "RealPath",
      "IsRemote", "WatchInit",    "WatchDirectory", "ReadEvents"};

  template <typename Really>
  absl::StatusOr<int> Opened(const std::string& path, Call call, Really really) {
    if (absl::Status fault = Next(call, path); !fault.ok()) return fault;
    absl::StatusOr<int> fd = really();
    if (!fd.ok()) return fd;
    const absl::MutexLock lock(&mutex_);
    paths_[*fd] = path;
    return fd;
  }

  absl::Status Next(Call call, int fd) {
    std::string path;
    {
      const absl::MutexLock lock(&mutex_);
      const auto found = paths_.find(fd);
      if (found != paths_.end()) path = found->second;
    }
    return Next(call, path);
  }

  absl::Status Next(Call call, const std::string& path) {
    const absl::MutexLock lock(&mutex_);
    ++counts_[static_cast<size_t>(call)];
    if (!fault_ || !fault_->calls.contains(call)) return absl::OkStatus();
    if (path.find(fault_->path_contains) == std::string::npos) return absl::OkStatus();
    ++matched_;
    if (matched_ < fault_->n) return absl::OkStatus();
    if (matched_ > fault_->n && !fault_->from_then_on) return absl::OkStatus();
    if (++failed_ == 1) {
      first_failure_ = std::string(kNames[static_cast<size_t>(call)]) + " " + path;
    }
    return fault_->status;
  }

  bool skips_syncs() const {
    const absl::MutexLock lock(&mutex_);
    return skips_syncs_;
  }
  size_t most_read() const {
    const absl::MutexLock lock(&mutex_);
    return most_read_;
  }
  size_t most_written() const {
    const absl::MutexLock lock(&mutex_);
    return most_written_;
  }

  mutable absl::Mutex mutex_;
  std::array<size_t, kCalls> counts_ ABSL_GUARDED_BY(mutex_) = {};
  std::optional<Fault> fault_ ABSL_GUARDED_BY(mutex_);
  size_t matched_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t failed_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string first_failure_ ABSL_GUARDED_BY(mutex_);
  std::map<int, std::string> paths_ ABSL_GUARDED_BY(mutex_);
  size_t most_read_ ABSL_GUARDED_BY(mutex_) = SIZE_MAX;
  size_t most_written_ ABSL_GUARDED_BY(mutex_) = SIZE_MAX;
  bool skips_syncs_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Time> now_ ABSL_GUARDED_BY(mutex_);
  absl::Duration ahead_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sparktail::testing
