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

// Lists the applications of a cluster: finds the active ResourceManager, anew for each poll, and
// requests its lists. Redirects are not followed: a standby redirects to an address that nobody has
// configured, or to itself.
class ClusterPoll {
 public:
  struct Result {
    // kUnavailable: why there is no list, as a sentence.
    absl::Status status;
    std::string rm;                             // URL of the active one
    bool failed_over = false;                   // another one was active before
    std::vector<YarnApplication> applications;  // not ended, or ended recently
  };
  using Done = std::function<void(Result)>;

  // `rms` are URLs without a trailing slash. `queue` must outlive this object, and must not call
  // back after this object is gone.
  ClusterPoll(HostQueue* queue, std::vector<std::string> rms)
      : queue_(queue), rms_(std::move(rms)) {}

  // Starts a poll; only one may run at a time. With `ended_since`, the result also holds the
  // applications that have ended since then.
  void Start(std::optional<absl::Time> ended_since, Done done);
  bool is_running() const { return done_ != nullptr; }
  // URL of the ResourceManager that was found active last; empty: none so far.
  const std::string& rm() const { return active_; }

 private:
  void OnInfo(size_t round, const std::string& rm, const HttpResponse& response);
  void Choose(const std::string& rm);
  void RequestList(const std::string& url);
  void OnApplications(const HttpResponse& response);
  void Finish(absl::Status status);

  HostQueue* const queue_;
  const std::vector<std::string> rms_;
  std::string active_;
  std::optional<absl::Time> ended_since_;
  Done done_;
  size_t round_ = 0;  // responses to an earlier round are ignored
  size_t asked_ = 0;  // ResourceManagers that have not responded yet
  bool is_chosen_ = false;
  std::string trouble_;  // why none can be chosen
  size_t lists_ = 0;     // lists that have not come yet
  Result result_;
};

}  // namespace sparktail
