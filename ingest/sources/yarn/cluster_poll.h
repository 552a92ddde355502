#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ingest/sources/yarn/host_queue.h"
#include "ingest/sources/yarn/resource_manager.h"

namespace sparktail {

// Asks a cluster for its applications: finds the ResourceManager that is active, again after each
// fail-over, and asks that one. No redirect is followed: a standby's goes to an address that nobody
// has configured, or to itself.
class ClusterPoll {
 public:
  struct Result {
    // kUnavailable: a sentence that says why there is no answer.
    absl::Status status;
    std::string rm;                             // the active one, as one asks it
    bool failed_over = false;                   // another one was before
    std::vector<YarnApplication> applications;  // that have not ended, or have since
  };
  using Done = std::function<void(Result)>;

  // Addresses without a slash at the end. `queue` outlives it, and calls nothing after its end.
  ClusterPoll(HostQueue* queue, std::vector<std::string> rms)
      : queue_(queue), rms_(std::move(rms)) {}

  // One at a time. Also asks for the applications that have ended since then, if given.
  void Start(std::optional<absl::Time> ended_since, Done done);
  bool is_running() const { return done_ != nullptr; }
  // The one that was active when that was last known; empty: not known yet.
  const std::string& rm() const { return active_; }

 private:
  void TakeInfo(size_t round, const std::string& rm, const HttpResponse& response);
  void Choose(const std::string& rm);
  void AskFor(const std::string& url);
  void TakeApplications(const HttpResponse& response);
  void Finish(absl::Status status);

  HostQueue* const queue_;
  const std::vector<std::string> rms_;
  std::string active_;
  std::optional<absl::Time> ended_since_;
  Done done_;
  size_t round_ = 0;  // answers of an earlier one come to nothing
  size_t asked_ = 0;  // ResourceManagers that have not answered
  bool is_chosen_ = false;
  std::string trouble_;  // why none can be chosen
  size_t lists_ = 0;     // that are still to come
  Result result_;
};

}  // namespace sparktail
