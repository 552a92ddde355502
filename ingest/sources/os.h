#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <sys/types.h>

#include <cstddef>
#include <string>

namespace sparktail {

// The door to the operating system: all calls of sources and outputs go through it, so that a
// test can make the n-th one fail. Methods are those of POSIX, but wait until they can go on (on
// EINTR and EAGAIN), and give errors as a status whose message is that of strerror.
class Os {
 public:
  Os() = default;
  Os(const Os&) = delete;
  Os& operator=(const Os&) = delete;
  virtual ~Os() = default;

  struct FileInfo {
    bool is_directory = false;
    bool is_regular = false;
    size_t size = 0;  // of a regular file
  };

  // For reading; close-on-exec.
  virtual absl::StatusOr<int> Open(const std::string& path) = 0;
  virtual absl::StatusOr<FileInfo> Stat(int fd) = 0;
  // 0 at the end.
  virtual absl::StatusOr<size_t> Read(int fd, char* buffer, size_t size) = 0;
  // Maybe less than `size`. kCancelled if the reader of a pipe is gone.
  virtual absl::StatusOr<size_t> Write(int fd, const char* buffer, size_t size) = 0;
  virtual void Close(int fd) = 0;
};

// The real one.
class PosixOs : public Os {
 public:
  absl::StatusOr<int> Open(const std::string& path) override;
  absl::StatusOr<FileInfo> Stat(int fd) override;
  absl::StatusOr<size_t> Read(int fd, char* buffer, size_t size) override;
  absl::StatusOr<size_t> Write(int fd, const char* buffer, size_t size) override;
  void Close(int fd) override;
};

}  // namespace sparktail
