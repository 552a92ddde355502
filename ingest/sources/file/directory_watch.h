#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ingest/base/os.h"

namespace sparktail {

// inotify over a set of directories: tells what was written to, and where names came and went.
// One thread.
class DirectoryWatch {
 public:
  // What happened since the last call.
  struct Changes {
    bool lost = false;   // more than the kernel could keep: anything may have changed
    bool names = false;  // names came, went or moved, or a directory did
    // Called once a change of a file's content, at least; the view is valid during the call.
    std::function<void(std::string_view directory, std::string_view name)> written;
  };

  explicit DirectoryWatch(Os* os) : os_(os) {}
  ~DirectoryWatch();
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

  absl::Status Open();
  // -1 before Open(); else readable when there are changes.
  int fd() const { return fd_; }

  // Watches these, and no others. A directory that is gone is left out; kUnavailable if the kernel
  // will watch no more (fs.inotify.max_user_watches). True if some are watched only from now on:
  // what happened there before is not told.
  absl::StatusOr<bool> Set(const std::vector<std::string>& directories);

  absl::Status Read(Changes* changes);

 private:
  Os* os_;
  int fd_ = -1;
  std::unordered_map<std::string, int> watches_;
  std::unordered_map<int, std::string> directories_;
  std::vector<char> buffer_;
};

}  // namespace sparktail
