#include "ingest/sources/file/directory_watch.h"

#include <sys/inotify.h>

#include <cstring>

namespace sparktail {
namespace {

constexpr size_t kBufferSize = size_t{64} << 10;
constexpr uint32_t kNames = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |
                            IN_MOVE_SELF | IN_ATTRIB | IN_UNMOUNT;

}  // namespace

DirectoryWatch::~DirectoryWatch() {
  if (fd_ >= 0) os_->Close(fd_);
}

absl::Status DirectoryWatch::Open() {
  const absl::StatusOr<int> fd = os_->WatchInit();
  if (!fd.ok()) return fd.status();
  fd_ = *fd;
  buffer_.resize(kBufferSize);
  return absl::OkStatus();
}

absl::StatusOr<bool> DirectoryWatch::Set(const std::vector<std::string>& directories) {
  std::unordered_set<std::string_view> wanted(directories.begin(), directories.end());
  for (auto watch = watches_.begin(); watch != watches_.end();) {
    if (wanted.contains(watch->first)) {
      ++watch;
      continue;
    }
    os_->Unwatch(fd_, watch->second);
    directories_.erase(watch->second);
    watch = watches_.erase(watch);
  }
  bool any_new = false;
  for (const std::string_view directory : wanted) {
    // Watched directories are watched anew: another directory may have taken the name.
    const std::string path(directory);
    const absl::StatusOr<int> watch = os_->WatchDirectory(fd_, path);
    if (absl::IsNotFound(watch.status()) || absl::IsPermissionDenied(watch.status())) continue;
    if (!watch.ok()) return absl::UnavailableError(watch.status().message());
    const auto [known, is_new] = watches_.try_emplace(path, *watch);
    any_new = any_new || is_new || known->second != *watch;
    if (!is_new && known->second != *watch) {
      os_->Unwatch(fd_, known->second);
      directories_.erase(known->second);
      known->second = *watch;
    }
    directories_[*watch] = path;
  }
  return any_new;
}

absl::Status DirectoryWatch::Read(Changes* changes) {
  while (true) {
    const absl::StatusOr<size_t> size = os_->ReadEvents(fd_, buffer_.data(), buffer_.size());
    if (!size.ok()) return size.status();
    if (*size == 0) return absl::OkStatus();
    size_t at = 0;
    while (at + sizeof(inotify_event) <= *size) {
      inotify_event event{};
      std::memcpy(&event, buffer_.data() + at, sizeof(event));
      const char* name = buffer_.data() + at + sizeof(event);
      at += sizeof(event) + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) changes->lost = true;
      if ((event.mask & kNames) != 0) changes->names = true;
      const auto directory = directories_.find(event.wd);
      if (directory == directories_.end()) continue;
      if ((event.mask & IN_IGNORED) != 0) {
        watches_.erase(directory->second);
        directories_.erase(directory);
        changes->names = true;
        continue;
      }
      if (event.len > 0 && (event.mask & IN_MODIFY) != 0) {
        changes->on_written(directory->second, std::string_view(name, ::strnlen(name, event.len)));
      }
    }
  }
}

}  // namespace sparktail
