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

// Watches a set of directories with inotify: reports the files that were written to, and changes of
// names. Single-threaded.
class DirectoryWatch {
 public:
  // What happened since the last call.
  struct Changes {
    bool lost = false;   // the kernel dropped events: anything may have changed
    bool names = false;  // a name or a directory was added, removed or moved
    // Called at least once for each write to a file. The views are valid during the call.
    std::function<void(std::string_view directory, std::string_view name)> on_written;
  };

  explicit DirectoryWatch(Os* os) : os_(os) {}
  ~DirectoryWatch();
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

  absl::Status Open();
  // Readable when there are changes; -1 before Open().
  int fd() const { return fd_; }

  // Watches these directories and no others. Missing ones are skipped. Returns true if some are
  // watched only from now on: earlier changes in them are not reported. kUnavailable: the kernel's
  // limit is reached (fs.inotify.max_user_watches).
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
