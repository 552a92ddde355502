#include "ingest/sources/os.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

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
    default:
      return absl::UnavailableError(text);
  }
}

template <typename Call>
auto Retry(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// The same for a descriptor that whoever started us left non-blocking.
template <typename Call>
ssize_t RetryWhenReady(int fd, short events, Call call) {
  while (true) {
    const ssize_t result = Retry(call);
    if (result >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return result;
    pollfd ready{fd, events, 0};
    if (Retry([&] { return ::poll(&ready, 1, -1); }) < 0) return -1;
  }
}

}  // namespace

absl::StatusOr<int> PosixOs::Open(const std::string& path) {
  const int fd = Retry([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY); });
  if (fd < 0) return LastError();
  return fd;
}

absl::StatusOr<Os::FileInfo> PosixOs::Stat(int fd) {
  struct stat info {};
  if (Retry([&] { return ::fstat(fd, &info); }) < 0) return LastError();
  FileInfo file;
  file.is_directory = S_ISDIR(info.st_mode);
  file.is_regular = S_ISREG(info.st_mode);
  if (file.is_regular) file.size = static_cast<size_t>(info.st_size);
  return file;
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

void PosixOs::Close(int fd) { ::close(fd); }

}  // namespace sparktail
