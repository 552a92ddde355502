#pragma once

#include <absl/status/statusor.h>

#include <memory>

namespace sparktail {

// The signals that a service is told by:
//   SIGTERM, SIGINT   stop in good order; a second one of either leaves the process at once, from
//                     the handler, with exit code 128 + its number (130 for SIGINT, 143 for
//                     SIGTERM)
//   SIGHUP            reopen the own log
// Handlers set flags and wake the main thread, no more. As signals belong to the process, there can
// be one object of this kind at a time.
class Signals {
 public:
  // Takes the signals over. Fails with the reason if another object has them, or if there is no
  // descriptor left.
  static absl::StatusOr<std::unique_ptr<Signals>> Install();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  // Gives them back to what handled them before.
  ~Signals();

  // Readable (poll) while there is something that Poll() did not tell yet.
  int wake_fd() const;

  struct Came {
    int stop = 0;         // the signal that asked to stop, from then on in each answer; 0: none
    bool reopen = false;  // since the last call
  };
  // Does not wait.
  Came Poll();

 private:
  Signals();
};

}  // namespace sparktail
