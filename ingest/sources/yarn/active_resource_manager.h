#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <string>
#include <vector>

#include "ingest/http/http_message.h"
#include "ingest/sources/yarn/resource_manager.h"

namespace sparktail {

// Finds the active ResourceManager of a cluster in what each one reports. It sends nothing: its
// owner requests ClusterInfoUrl() of each, one after the other or all at the same time.
class ActiveResourceManager {
 public:
  // `urls` have no trailing slash.
  explicit ActiveResourceManager(std::vector<std::string> urls);

  const std::vector<std::string>& urls() const { return urls_; }
  // Begins a search; each search takes one response of each ResourceManager.
  void Begin();
  // Takes the response of `url` and returns what it reports. A response after the decision changes
  // nothing.
  absl::StatusOr<ClusterInfo> Take(const std::string& url, const HttpResponse& response);
  // True as soon as no other response can change the outcome: the previously active one still is,
  // or all have responded. Without a previous one, the first that is active is chosen.
  bool is_decided() const { return is_decided_; }
  // The URL that the search has found, once it is decided. kUnavailable: why none is active.
  absl::StatusOr<std::string> Found() const;

 private:
  const std::vector<std::string> urls_;
  std::string previous_;  // found by an earlier search; empty: none
  std::string found_;     // the first one that reports to be active
  std::string trouble_;   // why the others can't be chosen
  size_t missing_ = 0;    // ResourceManagers that have not responded yet
  bool is_decided_ = false;
};

}  // namespace sparktail
