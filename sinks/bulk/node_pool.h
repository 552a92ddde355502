#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace sparktail {

// The nodes of a cluster, in rotation. One that fails rests for a while, longer each time it fails
// again, with full jitter: so many clients that failed together do not come back together. One
// thread.
class NodePool {
 public:
  static constexpr absl::Duration kFirstRest = absl::Milliseconds(100);
  static constexpr absl::Duration kLongestRest = absl::Seconds(30);

  // At least one URL, without "/" at its end. `seed` is for tests.
  explicit NodePool(std::vector<std::string> urls, unsigned seed = std::random_device{}());

  const std::string& url(size_t node) const { return nodes_[node].url; }
  size_t size() const { return nodes_.size(); }

  // The next node that does not rest; none if all do: until free_at().
  std::optional<size_t> Next(absl::Time now);
  absl::Time free_at() const;

  void Worked(size_t node) { nodes_[node].failures = 0; }
  // `asked`: how long the node has asked to be left alone (Retry-After).
  void Failed(size_t node, absl::Time now, std::optional<absl::Duration> asked);

 private:
  struct Node {
    std::string url;
    int failures = 0;  // in a row
    absl::Time rests_until = absl::InfinitePast();
  };

  std::vector<Node> nodes_;
  size_t next_ = 0;
  std::mt19937 random_;
};

}  // namespace sparktail
