#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "ingest/base/os.h"

namespace sparktail {

// An operating system in memory. Reads and writes are as short as a test likes, and the n-th
// call fails if it says so.
class FakeOs : public PosixOs {
 public:
  enum class Call { kOpen, kStat, kRead, kWrite };
  struct Failure {
    Call call;
    int fd;
    std::string path;  // of the file that was to be opened, or was open
  };

  std::map<std::string, std::string> files;
  std::set<std::string> directories;
  std::string standard_input;
  std::map<int, std::string> written;  // by file descriptor
  size_t most_read = SIZE_MAX;         // by one call
  size_t most_written = SIZE_MAX;

  // The n-th call (from 1; closing is not counted) fails with `status`.
  void FailAt(size_t n, absl::Status status) {
    fail_at_ = n;
    fail_with_ = std::move(status);
  }
  // All calls like this one fail.
  void FailAlways(Call call, int fd, absl::Status status) {
    always_ = {call, fd, ""};
    fail_with_ = std::move(status);
  }
  // What the failing call was; nothing if it never came.
  const std::optional<Failure>& failure() const { return failure_; }

  size_t open_files() const { return open_.size(); }
  size_t calls() const { return calls_; }

  absl::StatusOr<int> Open(const std::string& path) override {
    if (Fails(Call::kOpen, -1, path)) return fail_with_;
    if (!files.contains(path) && !directories.contains(path)) {
      return absl::NotFoundError("No such file or directory");
    }
    open_[next_fd_] = {path, 0};
    return next_fd_++;
  }

  absl::StatusOr<FileInfo> Stat(int fd) override {
    if (Fails(Call::kStat, fd, PathOf(fd))) return fail_with_;
    FileInfo info;
    if (fd == 0) return info;
    info.type = directories.contains(PathOf(fd)) ? FileType::kDirectory : FileType::kRegular;
    if (info.is_regular()) info.size = files[PathOf(fd)].size();
    return info;
  }

  absl::StatusOr<size_t> Read(int fd, char* buffer, size_t size) override {
    if (Fails(Call::kRead, fd, PathOf(fd))) return fail_with_;
    const std::string& content = fd == 0 ? standard_input : files[PathOf(fd)];
    size_t& at = fd == 0 ? standard_input_at_ : open_[fd].at;
    const size_t count = std::min({size, most_read, content.size() - at});
    std::memcpy(buffer, content.data() + at, count);
    at += count;
    return count;
  }

  absl::StatusOr<size_t> Write(int fd, const char* buffer, size_t size) override {
    if (Fails(Call::kWrite, fd, "")) return fail_with_;
    const size_t count = std::min(size, most_written);
    written[fd].append(buffer, count);
    return count;
  }

  void Close(int fd) override { EXPECT_EQ(open_.erase(fd), 1U) << "closed twice: " << fd; }

 private:
  struct File {
    std::string path;
    size_t at = 0;
  };

  std::string PathOf(int fd) {
    if (fd == 0) return "-";
    EXPECT_TRUE(open_.contains(fd)) << "not open: " << fd;
    return open_[fd].path;
  }

  bool Fails(Call call, int fd, const std::string& path) {
    const bool always = always_ && always_->call == call && always_->fd == fd;
    if (++calls_ != fail_at_ && !always) return false;
    failure_ = Failure{call, fd, path};
    return true;
  }

  std::map<int, File> open_;
  int next_fd_ = 3;
  size_t standard_input_at_ = 0;
  size_t calls_ = 0;
  size_t fail_at_ = 0;
  absl::Status fail_with_;
  std::optional<Failure> always_;
  std::optional<Failure> failure_;
};

}  // namespace sparktail
