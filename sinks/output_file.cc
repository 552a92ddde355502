#include "sinks/output_file.h"

#include <sys/types.h>

#include "ingest/base/path.h"

namespace sparktail {
namespace {

// The group of the logs may read the events.
constexpr mode_t kMode = 0640;
// Bound for opening again, each time because another file took the path before it was locked.
constexpr int kMaxOpens = 10;

absl::Status WhyNotOpened(Os* os, const std::string& path, const absl::Status& status) {
  const std::string directory = ParentDirectory(path);
  if (absl::IsNotFound(status) && absl::IsNotFound(os->StatPath(directory, true).status())) {
    return absl::NotFoundError("cannot write to " + path + ": the directory " + directory +
                               " does not exist; create it (mkdir -p " + directory +
                               "), or use another path");
  }
  if (absl::IsFailedPrecondition(status)) {
    return absl::FailedPreconditionError("cannot write to " + path +
                                         ": it is a symbolic link, which is not followed; use the "
                                         "path of its target");
  }
  return Because(status, "write to " + path);
}

absl::StatusOr<bool> IsAt(Os* os, int fd, const std::string& path) {
  const absl::StatusOr<Os::FileInfo> own = os->Stat(fd);
  if (!own.ok()) return own.status();
  const absl::StatusOr<Os::FileInfo> found = os->StatPath(path, /*follow_links=*/false);
  if (absl::IsNotFound(found.status())) return false;
  if (!found.ok()) return found.status();
  return own->device == found->device && own->inode == found->inode;
}

// Returns false if the file was moved away meanwhile, so that the lock is on another file.
absl::StatusOr<bool> LockAt(Os* os, int fd, const std::string& path) {
  const absl::StatusOr<bool> locked = os->Lock(fd);
  if (!locked.ok()) return Because(locked.status(), "lock " + path);
  if (!*locked) {
    return absl::FailedPreconditionError(
        "cannot write to " + path +
        ": another process, or another sink of this one, is writing to it; use another path");
  }
  absl::StatusOr<bool> is_at = IsAt(os, fd, path);
  if (!is_at.ok()) return Because(is_at.status(), "write to " + path);
  return is_at;
}

}  // namespace

absl::StatusOr<int> OpenOutputFile(Os* os, const std::string& path) {
  absl::StatusOr<int> fd = os->OpenToAppend(path, kMode);
  if (!fd.ok()) return WhyNotOpened(os, path, fd.status());
  const absl::StatusOr<Os::FileInfo> info = os->Stat(*fd);
  if (info.ok() && info->is_regular()) return fd;
  os->Close(*fd);
  if (!info.ok()) return Because(info.status(), "write to " + path);
  return absl::FailedPreconditionError("cannot write to " + path +
                                       ": it is not a regular file; for pipes and terminals use a "
                                       "sink of kind stdout");
}

absl::StatusOr<int> OpenAndLockOutputFile(Os* os, const std::string& path) {
  for (int i = 0; i < kMaxOpens; ++i) {
    absl::StatusOr<int> fd = OpenOutputFile(os, path);
    if (!fd.ok()) return fd;
    const absl::StatusOr<bool> locked = LockAt(os, *fd, path);
    if (locked.ok() && *locked) return fd;
    os->Close(*fd);
    if (!locked.ok()) return locked.status();
  }
  return absl::UnavailableError("cannot write to " + path +
                                ": another process keeps replacing the file; stop it, or use "
                                "another path");
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

absl::Status Because(const absl::Status& status, std::string_view what) {
  if (status.ok()) return status;
  std::string message = "cannot ";
  message.append(what).append(": ").append(status.message().data(), status.message().size());
  return absl::Status(status.code(), message);
}

absl::Status ForNow(const absl::Status& status) {
  if (status.ok() || absl::IsResourceExhausted(status)) return status;
  return absl::UnavailableError(status.message());
}

}  // namespace sparktail
