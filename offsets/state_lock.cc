#include "offsets/state_lock.h"

#include <absl/strings/str_cat.h>
#include <absl/time/time.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <utility>

#include "ingest/base/annotated.h"

namespace sparktail {
namespace {

constexpr size_t kMostOfOwner = 512;  // bytes to read of a lock file

absl::Status Error(const absl::Status& status, const std::string& path, const char* what) {
  return Annotated(status, absl::StrCat(path, ": ", what));
}

std::string ParentOf(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

// Reads the owner's description for a message. Another program may have written the file.
std::string ReadOwner(Os* os, int fd) {
  std::array<char, kMostOfOwner> buffer{};
  const absl::StatusOr<size_t> size = os->ReadAt(fd, 0, buffer.data(), buffer.size());
  if (!size.ok() || *size == 0) return "which the lock file does not name";
  std::string owner(buffer.data(), *size);
  for (char& byte : owner) {
    if (byte < ' ' || byte > '~') byte = ' ';
  }
  owner.erase(owner.find_last_not_of(' ') + 1);
  return owner;
}

std::string DescribeSelf(Os* os) {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return absl::StrCat("process ", ::getpid(), " on host ", host[0] == '\0' ? "?" : host.data(),
                      ", started ",
                      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", os->Now(), absl::UTCTimeZone()), "\n");
}

// A failure is not fatal: the lock is held, whatever the file says.
void WriteOwner(Os* os, Log* log, int fd, const std::string& path) {
  absl::Status status = os->Truncate(fd, 0);
  if (status.ok()) status = WriteAll(os, fd, DescribeSelf(os));
  if (status.ok()) return;
  log->Warn("state_lock",
            absl::StrCat(path, ": cannot write the owner of the lock: ", status.message()));
}

}  // namespace

absl::Status CreateStateDirectory(Os* os, const std::string& path) {
  const absl::StatusOr<Os::FileInfo> info = os->StatPath(path, /*follow_links=*/true);
  if (absl::IsNotFound(info.status())) {
    const std::string parent = ParentOf(path);
    if (parent != path && !os->StatPath(parent, /*follow_links=*/true).ok()) {
      if (absl::Status status = CreateStateDirectory(os, parent); !status.ok()) return status;
    }
    const absl::Status made = os->MakeDirectory(path, 0700);
    if (!made.ok()) return Error(made, path, "cannot create the state directory");
    return absl::OkStatus();
  }
  if (!info.ok()) return Error(info.status(), path, "cannot stat the state directory");
  if (!info->is_directory()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": the state directory is a file; give another one (state_dir)"));
  }
  const uid_t self = ::geteuid();
  if (self == 0 || info->owner == self || info->owner == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": the state directory belongs to another user (uid ", info->owner,
                   ", this process is ", self, "); give another one (state_dir), or chown it"));
}

absl::StatusOr<StateLock> StateLock::Take(Os* os, Log* log, const std::string& state_dir) {
  const std::string path = state_dir + "/lock";
  // The loop runs again only if the file is replaced at this very moment.
  for (int tries = 0; tries < 10; ++tries) {
    const absl::StatusOr<int> fd = os->OpenToAppend(path, 0600);
    if (!fd.ok()) return Error(fd.status(), path, "cannot open the lock file");
    StateLock lock(os, path, *fd);
    const absl::StatusOr<bool> locked = os->Lock(*fd);
    if (!locked.ok()) {
      return Error(locked.status(), path,
                   "cannot lock the state directory, and without a lock two processes could "
                   "write to it");
    }
    if (!*locked) {
      const std::string owner = ReadOwner(os, *fd);
      os->Close(std::exchange(lock.fd_, -1));
      return absl::FailedPreconditionError(
          absl::StrCat(state_dir, " is in use by another sparktail, ", owner,
                       ": stop that one, or give this one another state directory (state_dir)"));
    }
    const absl::Status held = lock.CheckStillHeld();
    if (absl::IsFailedPrecondition(held)) continue;
    if (!held.ok()) return held;
    WriteOwner(os, log, *fd, path);
    return lock;
  }
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": another program keeps replacing the lock file: stop it"));
}

StateLock::StateLock(StateLock&& other) noexcept
    : os_(other.os_), path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

StateLock::~StateLock() {
  if (fd_ < 0) return;
  // The file must not name a process that is gone. If this fails, the name is merely stale.
  os_->Truncate(fd_, 0).IgnoreError();
  os_->Close(fd_);
}

absl::Status StateLock::CheckStillHeld() const {
  const absl::StatusOr<Os::FileInfo> held = os_->Stat(fd_);
  if (!held.ok()) return Error(held.status(), path_, "cannot stat the lock file");
  const absl::StatusOr<bool> is_there = IsAt(os_, *held, path_);
  if (!is_there.ok()) return Error(is_there.status(), path_, "cannot stat the lock file");
  if (*is_there) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      path_,
      ": the lock file was removed or replaced, so another process may write to this state "
      "directory: start sparktail again"));
}

}  // namespace sparktail
