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

// The operating system and its clock. Sources, sinks and outputs make all their calls through it,
// so that a test can make the n-th call fail. Methods do what the POSIX call does, but retry after
// EINTR and return errors as a status whose message is that of strerror:
//   kNotFound            ENOENT
//   kPermissionDenied    EACCES, EPERM
//   kCancelled           EPIPE
//   kResourceExhausted   ENOSPC, EDQUOT
//   kAlreadyExists       EEXIST
//   kFailedPrecondition  ELOOP
//   kUnavailable         all others
// SQLite makes its calls through sqlite3_vfs; tests replace that one.
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
    uint64_t links = 0;       // 0: deleted, but still open
    uint32_t owner = 0;       // uid
    int64_t modified_ns = 0;  // since 1970
    bool is_directory() const { return type == FileType::kDirectory; }
    bool is_regular() const { return type == FileType::kRegular; }
    bool IsSameFile(const FileInfo& other) const {
      return device == other.device && inode == other.inode;
    }
  };

  // Never decreases, so it can measure intervals. It follows the wall clock when that is set
  // forward, and stays ahead of it when that is set back.
  virtual absl::Time Now() = 0;

  // Opens for reading, close-on-exec. Waits for the writer of a FIFO.
  virtual absl::StatusOr<int> Open(const std::string& path) = 0;
  // Opens for reading a file that others write. Never waits, acquires no terminal, and does not
  // follow a symbolic link in the last part of the path (kFailedPrecondition).
  virtual absl::StatusOr<int> OpenToFollow(const std::string& path) = 0;
  // Opens for reading and appending; creates a missing file with `mode`. Does not follow a
  // symbolic link in the last part of the path either.
  virtual absl::StatusOr<int> OpenToAppend(const std::string& path, mode_t mode) = 0;
  virtual void Close(int fd) = 0;

  virtual absl::StatusOr<FileInfo> Stat(int fd) = 0;
  virtual absl::StatusOr<FileInfo> StatPath(const std::string& path, bool follow_links) = 0;

  // Read() and Write() wait until the descriptor is ready (EAGAIN). Read() returns 0 at the end.
  virtual absl::StatusOr<size_t> Read(int fd, char* buffer, size_t size) = 0;
  // May write less than `size`. kCancelled if the reader of a pipe is gone.
  virtual absl::StatusOr<size_t> Write(int fd, const char* buffer, size_t size) = 0;
  // False if nobody can receive written bytes any more: a pipe without a reader, a closed
  // connection, a terminal that is gone. Does not wait.
  virtual absl::StatusOr<bool> HasReader(int fd) = 0;
  virtual absl::StatusOr<size_t> ReadAt(int fd, uint64_t offset, char* buffer, size_t size) = 0;
  virtual absl::Status Truncate(int fd, uint64_t size) = 0;
  // Written bytes survive a power failure only after this has returned (fdatasync).
  virtual absl::Status Sync(int fd) = 0;
  virtual absl::Status SyncDirectory(const std::string& path) = 0;
  // False if another open file description holds the lock (flock, exclusive). Does not wait.
  virtual absl::StatusOr<bool> Lock(int fd) = 0;

  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status Remove(const std::string& path) = 0;
  // Does not create parents. OK if the directory already exists.
  virtual absl::Status MakeDirectory(const std::string& path, mode_t mode) = 0;
  // Names in a directory, sorted, without "." and "..".
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& path) = 0;
  // The absolute path without symbolic links.
  virtual absl::StatusOr<std::string> RealPath(const std::string& path) = 0;
  // True if inotify does not report changes that other machines make: NFS, SMB, FUSE and the like.
  virtual absl::StatusOr<bool> IsRemote(const std::string& path) = 0;

  // Returns an inotify descriptor. It becomes readable when there is an event for ReadEvents().
  virtual absl::StatusOr<int> WatchInit() = 0;
  virtual absl::StatusOr<int> WatchDirectory(int watch_fd, const std::string& path) = 0;
  virtual void Unwatch(int watch_fd, int watch) = 0;
  // Does not wait. Returns 0 if there is no event.
  virtual absl::StatusOr<size_t> ReadEvents(int watch_fd, char* buffer, size_t size) = 0;
};

// The real operating system.
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
  std::atomic<int64_t> boot_ns_ = INT64_MIN;  // when the machine was started, since 1970
};

// Writes all of `bytes`. Bytes written before an error stay written. kCancelled if the reader of
// a pipe is gone.
absl::Status WriteAll(Os* os, int fd, std::string_view bytes);

// Returns bytes [offset, offset + size) of an open file; fewer if the file ends before.
absl::StatusOr<std::string> ReadRange(Os* os, int fd, uint64_t offset, size_t size);

// Returns true if the path leads to the file, false if it leads to another one or to none.
absl::StatusOr<bool> IsAt(Os* os, const Os::FileInfo& file, const std::string& path,
                          bool follow_links = false);

}  // namespace sparktail
