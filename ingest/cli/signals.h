#pragma once

#include <absl/status/statusor.h>

#include <memory>

namespace sparktail {

// The signals that control a service:
//   SIGTERM, SIGINT   stop in good order; a second one of either exits at once, from the handler,
//                     with exit code 128 + its number (130 for SIGINT, 143 for SIGTERM)
//   SIGHUP            reopen the own log
// Handlers only set flags and wake the main thread. Signals belong to the process, so only one
// object of this class can exist at a time.
class Signals {
 public:
  // Installs the handlers. Fails with the reason if another object has installed them, or if no
  // descriptor is left.
  static absl::StatusOr<std::unique_ptr<Signals>> Install();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  // Restores the handlers from before.
  ~Signals();

  // Readable (poll) while a signal has arrived that Poll() has not returned yet.
  int wake_fd() const;

  struct Received {
    int stop = 0;         // the first SIGTERM or SIGINT, from then on in every result; 0: none
    bool reopen = false;  // SIGHUP has arrived since the last call
  };
  // Does not wait.
  Received Poll();

 private:
  Signals();
};

}  // namespace sparktail
