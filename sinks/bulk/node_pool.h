#pragma once

#include <absl/random/random.h>
#include <absl/time/time.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ingest/base/backoff.h"

namespace sparktail {

// The nodes of a cluster, in rotation. A node that fails rests for a while, longer with each
// further failure, with full jitter: clients that failed together do not return together. Not
// thread safe.
class NodePool {
 public:
  static constexpr Backoff kRest = {absl::Milliseconds(100), absl::Seconds(30)};

  // `urls` has at least one, each without "/" at its end. `random` is for tests.
  explicit NodePool(std::vector<std::string> urls, absl::BitGen random = absl::BitGen());

  const std::string& url(size_t node) const { return nodes_[node].url; }
  size_t size() const { return nodes_.size(); }

  // Returns the next node that does not rest. Returns nothing if all rest, until free_at().
  std::optional<size_t> Next(absl::Time now);
  absl::Time free_at() const;

  void OnSuccess(size_t node) { nodes_[node].failures = 0; }
  // `retry_after` is the wait that the node requested, if it did.
  void OnFailure(size_t node, absl::Time now, std::optional<absl::Duration> retry_after);

 private:
  struct Node {
    std::string url;
    size_t failures = 0;  // in a row
    absl::Time rests_until = absl::InfinitePast();
  };

  std::vector<Node> nodes_;
  size_t next_ = 0;
  absl::BitGen random_;
};

}  // namespace sparktail
