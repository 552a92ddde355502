#include "sinks/bulk/node_pool.h"

#include <algorithm>
#include <utility>

namespace sparktail {

NodePool::NodePool(std::vector<std::string> urls, absl::BitGen random)
    : random_(std::move(random)) {
  for (std::string& url : urls) {
    nodes_.emplace_back();
    nodes_.back().url = std::move(url);
  }
  // Processes with the same configuration must not all begin with its first node.
  next_ = absl::Uniform<size_t>(random_, 0, nodes_.size());
}

std::optional<size_t> NodePool::Next(absl::Time now) {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const size_t node = next_;
    next_ = (next_ + 1) % nodes_.size();
    if (nodes_[node].rests_until <= now) return node;
  }
  return std::nullopt;
}

absl::Time NodePool::free_at() const {
  absl::Time first = absl::InfiniteFuture();
  for (const Node& node : nodes_) first = std::min(first, node.rests_until);
  return first;
}

void NodePool::OnFailure(size_t node, absl::Time now, std::optional<absl::Duration> retry_after) {
  Node& failed = nodes_[node];
  const absl::Duration rest = kRest.After(++failed.failures, random_);
  failed.rests_until = std::max(failed.rests_until,
                                now + std::max(rest, retry_after.value_or(absl::ZeroDuration())));
}

}  // namespace sparktail
