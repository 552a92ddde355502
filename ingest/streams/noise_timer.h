#pragma once

#include <absl/time/time.h>

#include <algorithm>
#include <cstdint>

namespace sparktail {

// When to hand on a cursor that has only moved over noise: it is worth less than the writing of it,
// so it waits for events, for kBytes of noise, or for kInterval.
class NoiseTimer {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(5);
  static constexpr uint64_t kBytes = uint64_t{64} << 20;

  // The cursor has moved; absl::InfinitePast() if that can't wait.
  void OnMoved(absl::Time now) { since_ = std::min(since_, now); }
  // The cursor was handed on.
  void Reset() { since_ = absl::InfiniteFuture(); }

  bool is_waiting() const { return since_ != absl::InfiniteFuture(); }
  bool IsDue(absl::Time now) const { return now - since_ >= kInterval; }

 private:
  absl::Time since_ = absl::InfiniteFuture();
};

}  // namespace sparktail
