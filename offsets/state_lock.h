#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>

#include "ingest/base/log.h"
#include "ingest/base/os.h"

namespace sparktail {

// Creates `path` and its missing parents (0700). kFailedPrecondition if `path` is not a directory,
// or belongs to another user, who could replace the files in it. Directories of root are accepted
// (volumes of containers), and root accepts all.
absl::Status CreateStateDirectory(Os* os, const std::string& path);

// The right of one process to write to a state directory: an flock on <state_dir>/lock. The file
// holds the pid, start and host of its owner, for messages only. The system releases the lock when
// the process stops for any reason, so a lock is never stale.
class StateLock {
 public:
  // kFailedPrecondition if another process has the lock; the message names it. Does not wait.
  static absl::StatusOr<StateLock> Take(Os* os, Log* log, const std::string& state_dir);
  StateLock(StateLock&& other) noexcept;
  StateLock& operator=(StateLock&& other) = delete;
  ~StateLock();

  // kFailedPrecondition if the lock file was removed or replaced: another process may hold a lock
  // on the new one.
  absl::Status CheckStillHeld() const;

 private:
  StateLock(Os* os, std::string path, int fd) : os_(os), path_(std::move(path)), fd_(fd) {}

  Os* os_;
  std::string path_;
  int fd_;  // -1: moved from
};

}  // namespace sparktail
