#pragma once

#include <absl/time/time.h>

#include <algorithm>
#include <cstddef>

namespace sparktail {

// Finds how many requests a cluster can handle at a time: one more after each round without a
// failure, half as many when the cluster reports overload or does not respond in time (additive
// increase, multiplicative decrease). Not thread safe.
class ConnectionLimit {
 public:
  explicit ConnectionLimit(size_t most) : most_(static_cast<double>(most)) {}

  // At least 1.
  size_t limit() const { return static_cast<size_t>(limit_); }

  void OnSuccess() { limit_ = std::min(most_, limit_ + 1 / limit_); }
  // A request that began at `began` met an overload. Requests that were in flight together count
  // once.
  void OnOverload(absl::Time began, absl::Time now) {
    if (began < lowered_at_) return;
    limit_ = std::max(1.0, limit_ / 2);
    lowered_at_ = now;
  }

 private:
  double most_;
  double limit_ = 1;
  absl::Time lowered_at_ = absl::InfinitePast();
};

}  // namespace sparktail
