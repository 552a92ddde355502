#pragma once

#include <absl/time/time.h>

#include <algorithm>
#include <cstddef>

namespace sparktail {

// How many requests a cluster bears at a time: one more after each round in which all went well,
// half as many when it says that it has too much, or does not answer in time (additive increase,
// multiplicative decrease). One thread.
class ConnectionLimit {
 public:
  explicit ConnectionLimit(size_t most) : most_(static_cast<double>(most)) {}

  // At least 1.
  size_t limit() const { return static_cast<size_t>(limit_); }

  void Worked() { limit_ = std::min(most_, limit_ + 1 / limit_); }
  // Of a request that began at `began`. Requests that were on their way together are one sign.
  void Overloaded(absl::Time began, absl::Time now) {
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
