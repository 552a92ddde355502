#include "sinks/output_file.h"

#include <sys/types.h>

#include "ingest/base/annotated.h"
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

// Returns false if the file was moved away meanwhile, so that the lock is on another file.
absl::StatusOr<bool> LockAt(Os* os, int fd, const std::string& path) {
  const absl::StatusOr<bool> locked = os->Lock(fd);
  if (!locked.ok()) return Because(locked.status(), "lock " + path);
  if (!*locked) {
    return absl::FailedPreconditionError(
        "cannot write to " + path +
        ": another process, or another sink of this one, is writing to it; use another path");
  }
  const absl::StatusOr<Os::FileInfo> own = os->Stat(fd);
  if (!own.ok()) return Because(own.status(), "write to " + path);
  absl::StatusOr<bool> is_at = IsAt(os, *own, path);
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

absl::Status Because(const absl::Status& status, std::string_view what) {
  return Annotated(status, "cannot " + std::string(what));
}

absl::Status ForNow(const absl::Status& status) {
  if (status.ok() || absl::IsResourceExhausted(status)) return status;
  return absl::UnavailableError(status.message());
}

}  // namespace sparktail
