#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>

#include "ingest/base/log.h"
#include "ingest/base/os.h"

namespace sparktail {

// Makes `path` and its missing parents (0700). Refuses (kFailedPrecondition) what is no directory,
// and a directory of another user: who owns it can exchange the files in it. Root's directories
// are fine (volumes of containers), and so are all for root.
absl::Status MakeStateDirectory(Os* os, const std::string& path);

// The right of one process to write to a state directory: flock on <state_dir>/lock, which holds
// the pid, start and host of its owner, for messages only. It goes with the process, however that
// ends, and so a lock is never stale.
class StateLock {
 public:
  // kFailedPrecondition if another process has it: the message names that one. Does not wait.
  static absl::StatusOr<StateLock> Take(Os* os, Log* log, const std::string& state_dir);
  StateLock(StateLock&& other) noexcept;
  StateLock& operator=(StateLock&& other) = delete;
  ~StateLock();

  // kFailedPrecondition if the file was removed or exchanged: a second process may hold another
  // lock now.
  absl::Status CheckStillHeld() const;

 private:
  StateLock(Os* os, std::string path, int fd) : os_(os), path_(std::move(path)), fd_(fd) {}

  Os* os_;
  std::string path_;
  int fd_;  // -1: moved from
};

}  // namespace sparktail
