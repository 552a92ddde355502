#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sparktail {

// The door to the operating system and its clock: all calls of sources, sinks and outputs go
// through it, so that a test can make the n-th one fail. Methods are those of POSIX, but go on
// after EINTR, and give errors as a status whose message is that of strerror:
//   kNotFound ENOENT, kPermissionDenied EACCES EPERM, kCancelled EPIPE, kResourceExhausted ENOSPC
//   EDQUOT, kAlreadyExists EEXIST, kFailedPrecondition ELOOP, kUnavailable all others.
// SQLite has its own door (sqlite3_vfs); tests replace that one.
//
// Thread-safe.
class Os {
 public:
  Os() = default;
  Os(const Os&) = delete;
  Os& operator=(const Os&) = delete;
  virtual ~Os() = default;

  enum class FileType : uint8_t { kRegular, kDirectory, kSymlink, kOther };
  struct FileInfo {
    FileType type = FileType::kOther;
    uint64_t size = 0;  // of a regular file, in bytes
    uint64_t device = 0;
    uint64_t inode = 0;
    uint64_t links = 0;       // 0: deleted, and only open
    uint32_t owner = 0;       // uid
    int64_t modified_ns = 0;  // since 1970
    bool is_directory() const { return type == FileType::kDirectory; }
    bool is_regular() const { return type == FileType::kRegular; }
  };

  // Never goes back: intervals are measured with it. When the wall clock is set forward it
  // follows; when that is set back it is ahead of it.
  virtual absl::Time Now() = 0;

  // For reading; close-on-exec. Waits for the writer of a FIFO.
  virtual absl::StatusOr<int> Open(const std::string& path) = 0;
  // For reading what others write: never waits, takes no terminal, and does not follow a symbolic
  // link in the last part of the path (kFailedPrecondition).
  virtual absl::StatusOr<int> OpenToFollow(const std::string& path) = 0;
  // For reading and appending; created with `mode` if missing. Does not follow a link either.
  virtual absl::StatusOr<int> OpenToAppend(const std::string& path, mode_t mode) = 0;
  virtual void Close(int fd) = 0;

  virtual absl::StatusOr<FileInfo> Stat(int fd) = 0;
  virtual absl::StatusOr<FileInfo> StatPath(const std::string& path, bool follow_links) = 0;

  // Read and Write wait until they can go on (EAGAIN). 0 at the end.
  virtual absl::StatusOr<size_t> Read(int fd, char* buffer, size_t size) = 0;
  // Maybe less than `size`. kCancelled if the reader of a pipe is gone.
  virtual absl::StatusOr<size_t> Write(int fd, const char* buffer, size_t size) = 0;
  // False if what is written there finds nobody any more: a pipe without a reader, a connection
  // that is closed, a terminal that is gone. Does not wait.
  virtual absl::StatusOr<bool> HasReader(int fd) = 0;
  virtual absl::StatusOr<size_t> ReadAt(int fd, uint64_t offset, char* buffer, size_t size) = 0;
  virtual absl::Status Truncate(int fd, uint64_t size) = 0;
  // Until it returns, what was written may be lost with the power (fdatasync).
  virtual absl::Status Sync(int fd) = 0;
  virtual absl::Status SyncDirectory(const std::string& path) = 0;
  // False if another open file description holds it (flock, exclusive, not waiting).
  virtual absl::StatusOr<bool> Lock(int fd) = 0;

  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status Remove(const std::string& path) = 0;
  // Not its parents. All is well if it is there already.
  virtual absl::Status MakeDirectory(const std::string& path, mode_t mode) = 0;
  // Names in a directory, sorted, without "." and "..".
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& path) = 0;
  // Absolute, without symbolic links.
  virtual absl::StatusOr<std::string> RealPath(const std::string& path) = 0;
  // Changes made on other machines are not told to this one: NFS, SMB, FUSE and the like.
  virtual absl::StatusOr<bool> IsRemote(const std::string& path) = 0;

  // inotify: a descriptor, readable (ReadEvents) when something happened.
  virtual absl::StatusOr<int> WatchInit() = 0;
  virtual absl::StatusOr<int> WatchDirectory(int watch_fd, const std::string& path) = 0;
  virtual void Unwatch(int watch_fd, int watch) = 0;
  // Does not wait: 0 if there is nothing.
  virtual absl::StatusOr<size_t> ReadEvents(int watch_fd, char* buffer, size_t size) = 0;
};

// The real one.
class PosixOs : public Os {
 public:
  absl::Time Now() override;
  absl::StatusOr<int> Open(const std::string& path) override;
  absl::StatusOr<int> OpenToFollow(const std::string& path) override;
  absl::StatusOr<int> OpenToAppend(const std::string& path, mode_t mode) override;
  void Close(int fd) override;
  absl::StatusOr<FileInfo> Stat(int fd) override;
  absl::StatusOr<FileInfo> StatPath(const std::string& path, bool follow_links) override;
  absl::StatusOr<size_t> Read(int fd, char* buffer, size_t size) override;
  absl::StatusOr<size_t> Write(int fd, const char* buffer, size_t size) override;
  absl::StatusOr<bool> HasReader(int fd) override;
  absl::StatusOr<size_t> ReadAt(int fd, uint64_t offset, char* buffer, size_t size) override;
  absl::Status Truncate(int fd, uint64_t size) override;
  absl::Status Sync(int fd) override;
  absl::Status SyncDirectory(const std::string& path) override;
  absl::StatusOr<bool> Lock(int fd) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Remove(const std::string& path) override;
  absl::Status MakeDirectory(const std::string& path, mode_t mode) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& path) override;
  absl::StatusOr<std::string> RealPath(const std::string& path) override;
  absl::StatusOr<bool> IsRemote(const std::string& path) override;
  absl::StatusOr<int> WatchInit() override;
  absl::StatusOr<int> WatchDirectory(int watch_fd, const std::string& path) override;
  void Unwatch(int watch_fd, int watch) override;
  absl::StatusOr<size_t> ReadEvents(int watch_fd, char* buffer, size_t size) override;

 private:
  std::atomic<int64_t> ahead_ns_ = INT64_MIN;  // of 1970, when the machine was started
};

// Writes all of `bytes`. What was written before an error stays written. kCancelled if the reader
// of a pipe is gone.
absl::Status WriteAll(Os* os, int fd, std::string_view bytes);

}  // namespace sparktail
