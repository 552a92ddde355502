#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ingest/sources/yarn/active_resource_manager.h"
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
    std::vector<YarnApplication> applications;  // not ended, or ended recently
  };
  using Done = std::function<void(Result)>;

  // `rms` are URLs without a trailing slash. `queue` must outlive this object, and must not call
  // back after this object is gone.
  ClusterPoll(HostQueue* queue, std::vector<std::string> rms)
      : queue_(queue), active_(std::move(rms)) {}

  // Starts a poll; only one may run at a time. With `ended_since`, the result also holds the
  // applications that have ended since then.
  void Start(std::optional<absl::Time> ended_since, Done done);
  bool is_running() const { return done_ != nullptr; }

 private:
  void OnInfo(size_t round, const std::string& rm, const HttpResponse& response);
  void RequestList(const std::string& url);
  void OnApplications(const HttpResponse& response);
  void Finish(absl::Status status);

  HostQueue* const queue_;
  ActiveResourceManager active_;
  std::optional<absl::Time> ended_since_;
  Done done_;
  size_t round_ = 0;  // responses to an earlier round are ignored
  size_t lists_ = 0;  // lists that have not come yet
  Result result_;
};

}  // namespace sparktail
