#include "ingest/base/os.h"

#include <absl/time/clock.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace sparktail {
namespace {

absl::Status LastError() {
  const int error = errno;
  const char* text = std::strerror(error);
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(text);
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(text);
    case EPIPE:
      return absl::CancelledError(text);
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(text);
    case EEXIST:
      return absl::AlreadyExistsError(text);
    case ELOOP:
      return absl::FailedPreconditionError(text);
    default:
      return absl::UnavailableError(text);
  }
}

template <typename Call>
auto RetryIfInterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// Also waits until the descriptor is ready: the program that started this one may have left it
// non-blocking.
template <typename Call>
ssize_t RetryWhenReady(int fd, short events, Call call) {
  while (true) {
    const ssize_t result = RetryIfInterrupted(call);
    if (result >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return result;
    pollfd ready{fd, events, 0};
    if (RetryIfInterrupted([&] { return ::poll(&ready, 1, -1); }) < 0) return -1;
  }
}

absl::Status ToStatus(int result) { return result < 0 ? LastError() : absl::OkStatus(); }

absl::StatusOr<int> ToDescriptor(int fd) {
  if (fd < 0) return LastError();
  return fd;
}

Os::FileInfo InfoOf(const struct stat& info) {
  Os::FileInfo file;
  if (S_ISREG(info.st_mode)) {
    file.type = Os::FileType::kRegular;
    file.size = static_cast<uint64_t>(info.st_size);
  } else if (S_ISDIR(info.st_mode)) {
    file.type = Os::FileType::kDirectory;
  } else if (S_ISLNK(info.st_mode)) {
    file.type = Os::FileType::kSymlink;
  }
  file.device = info.st_dev;
  file.inode = info.st_ino;
  file.links = info.st_nlink;
  file.owner = info.st_uid;
  file.modified_ns = int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
  return file;
}

// File systems that other machines can change, by their magic numbers in statfs(2) and
// linux/magic.h.
constexpr uint32_t kRemoteFileSystems[] = {
    0x6969,      // NFS
    0x517B,      // SMB
    0xFF534D42,  // CIFS
    0xFE534D42,  // SMB2
    0x65735546,  // FUSE
    0x00C36400,  // Ceph
    0x01021997,  // 9P
    0x5346414F,  // AFS
    0x47504653,  // GPFS
    0x0BD00BD0,  // Lustre
    0x19830326,  // FhGFS
};

}  // namespace

absl::Time PosixOs::Now() {
  timespec since_start{};
  ::clock_gettime(CLOCK_BOOTTIME, &since_start);
  const int64_t elapsed = int64_t{since_start.tv_sec} * 1'000'000'000 + since_start.tv_nsec;
  const int64_t start = absl::GetCurrentTimeNanos() - elapsed;
  int64_t latest = boot_ns_.load(std::memory_order_relaxed);
  while (start > latest && !boot_ns_.compare_exchange_weak(latest, start)) {
  }
  return absl::FromUnixNanos(std::max(start, latest) + elapsed);
}

absl::StatusOr<int> PosixOs::Open(const std::string& path) {
  return ToDescriptor(
      RetryIfInterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY); }));
}

absl::StatusOr<int> PosixOs::OpenToFollow(const std::string& path) {
  static constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW;
  // Otherwise each read line costs a write of the inode, to store the time of access. Only the
  // owner of a file may pass O_NOATIME.
  const int fd = RetryIfInterrupted([&] { return ::open(path.c_str(), kFlags | O_NOATIME); });
  if (fd >= 0 || errno != EPERM) return ToDescriptor(fd);
  return ToDescriptor(RetryIfInterrupted([&] { return ::open(path.c_str(), kFlags); }));
}

absl::StatusOr<int> PosixOs::OpenToAppend(const std::string& path, mode_t mode) {
  static constexpr int kFlags =
      O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW;
  return ToDescriptor(RetryIfInterrupted([&] { return ::open(path.c_str(), kFlags, mode); }));
}

void PosixOs::Close(int fd) { ::close(fd); }

absl::StatusOr<Os::FileInfo> PosixOs::Stat(int fd) {
  struct stat info {};
  if (RetryIfInterrupted([&] { return ::fstat(fd, &info); }) < 0) return LastError();
  return InfoOf(info);
}

absl::StatusOr<Os::FileInfo> PosixOs::StatPath(const std::string& path, bool follow_links) {
  struct stat info {};
  const int flags = follow_links ? 0 : AT_SYMLINK_NOFOLLOW;
  if (RetryIfInterrupted([&] { return ::fstatat(AT_FDCWD, path.c_str(), &info, flags); }) < 0) {
    return LastError();
  }
  return InfoOf(info);
}

absl::StatusOr<size_t> PosixOs::Read(int fd, char* buffer, size_t size) {
  const ssize_t count = RetryWhenReady(fd, POLLIN, [&] { return ::read(fd, buffer, size); });
  if (count < 0) return LastError();
  return static_cast<size_t>(count);
}

absl::StatusOr<size_t> PosixOs::Write(int fd, const char* buffer, size_t size) {
  const ssize_t count = RetryWhenReady(fd, POLLOUT, [&] { return ::write(fd, buffer, size); });
  if (count < 0) return LastError();
  return static_cast<size_t>(count);
}

absl::StatusOr<bool> PosixOs::HasReader(int fd) {
  // poll() reports errors and hang-ups even if no events are requested.
  pollfd state{fd, 0, 0};
  if (RetryIfInterrupted([&] { return ::poll(&state, 1, 0); }) < 0) return LastError();
  return (state.revents & (POLLERR | POLLHUP)) == 0;
}

absl::StatusOr<size_t> PosixOs::ReadAt(int fd, uint64_t offset, char* buffer, size_t size) {
  const ssize_t count =
      RetryIfInterrupted([&] { return ::pread(fd, buffer, size, static_cast<off_t>(offset)); });
  if (count < 0) return LastError();
  return static_cast<size_t>(count);
}

absl::Status PosixOs::Truncate(int fd, uint64_t size) {
  return ToStatus(RetryIfInterrupted([&] { return ::ftruncate(fd, static_cast<off_t>(size)); }));
}

absl::Status PosixOs::Sync(int fd) {
  return ToStatus(RetryIfInterrupted([&] { return ::fdatasync(fd); }));
}

absl::Status PosixOs::SyncDirectory(const std::string& path) {
  static constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  const int fd = RetryIfInterrupted([&] { return ::open(path.c_str(), kFlags); });
  if (fd < 0) return LastError();
  absl::Status status = ToStatus(RetryIfInterrupted([&] { return ::fsync(fd); }));
  ::close(fd);
  return status;
}

absl::StatusOr<bool> PosixOs::Lock(int fd) {
  if (RetryIfInterrupted([&] { return ::flock(fd, LOCK_EX | LOCK_NB); }) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  return LastError();
}

absl::Status PosixOs::Rename(const std::string& from, const std::string& to) {
  return ToStatus(RetryIfInterrupted([&] { return ::rename(from.c_str(), to.c_str()); }));
}

absl::Status PosixOs::Remove(const std::string& path) {
  return ToStatus(RetryIfInterrupted([&] { return ::unlink(path.c_str()); }));
}

absl::Status PosixOs::MakeDirectory(const std::string& path, mode_t mode) {
  if (RetryIfInterrupted([&] { return ::mkdir(path.c_str(), mode); }) == 0) return absl::OkStatus();
  absl::Status status = LastError();
  if (!absl::IsAlreadyExists(status)) return status;
  const absl::StatusOr<FileInfo> info = StatPath(path, /*follow_links=*/true);
  if (info.ok() && info->is_directory()) return absl::OkStatus();
  return status;
}

absl::StatusOr<std::vector<std::string>> PosixOs::List(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
  if (!directory) return LastError();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return LastError();
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::string> PosixOs::RealPath(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), ::free);
  if (!real) return LastError();
  return std::string(real.get());
}

absl::StatusOr<bool> PosixOs::IsRemote(const std::string& path) {
  struct statfs info {};
  if (RetryIfInterrupted([&] { return ::statfs(path.c_str(), &info); }) < 0) return LastError();
  const auto type = static_cast<uint32_t>(info.f_type);
  return std::find(std::begin(kRemoteFileSystems), std::end(kRemoteFileSystems), type) !=
         std::end(kRemoteFileSystems);
}

absl::StatusOr<int> PosixOs::WatchInit() {
  return ToDescriptor(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
}

absl::StatusOr<int> PosixOs::WatchDirectory(int watch_fd, const std::string& path) {
  static constexpr uint32_t kEvents = IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                      IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB |
                                      IN_ONLYDIR;
  return ToDescriptor(::inotify_add_watch(watch_fd, path.c_str(), kEvents));
}

void PosixOs::Unwatch(int watch_fd, int watch) { ::inotify_rm_watch(watch_fd, watch); }

absl::StatusOr<size_t> PosixOs::ReadEvents(int watch_fd, char* buffer, size_t size) {
  const ssize_t count = RetryIfInterrupted([&] { return ::read(watch_fd, buffer, size); });
  if (count >= 0) return static_cast<size_t>(count);
  if (errno == EAGAIN || errno == EWOULDBLOCK) return size_t{0};
  return LastError();
}

absl::Status WriteAll(Os* os, int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const absl::StatusOr<size_t> written = os->Write(fd, bytes.data(), bytes.size());
    if (!written.ok()) return written.status();
    if (*written == 0) return absl::UnavailableError("nothing could be written");
    bytes.remove_prefix(*written);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadRange(Os* os, int fd, uint64_t offset, size_t size) {
  std::string bytes(size, '\0');
  size_t read = 0;
  while (read < size) {
    const absl::StatusOr<size_t> count =
        os->ReadAt(fd, offset + read, bytes.data() + read, size - read);
    if (!count.ok()) return count.status();
    if (*count == 0) break;
    read += *count;
  }
  bytes.resize(read);
  return bytes;
}

absl::StatusOr<bool> IsAt(Os* os, const Os::FileInfo& file, const std::string& path,
                          bool follow_links) {
  const absl::StatusOr<Os::FileInfo> found = os->StatPath(path, follow_links);
  if (absl::IsNotFound(found.status())) return false;
  if (!found.ok()) return found.status();
  return file.IsSameFile(*found);
}

}  // namespace sparktail
