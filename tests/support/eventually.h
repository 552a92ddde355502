#pragma once

#include <absl/time/clock.h>
#include <absl/time/time.h>

#include <algorithm>

namespace sparktail::testing {

// Looks until `condition()` is true; false if it was not within `deadline`, which is long: machines
// are slow, and shared.
template <typename Condition>
bool Eventually(Condition condition, absl::Duration deadline = absl::Seconds(120)) {
  const absl::Time end = absl::Now() + deadline;
  absl::Duration pause = absl::Microseconds(200);
  while (!condition()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(pause);
    pause = std::min(pause * 2, absl::Milliseconds(10));
  }
  return true;
}

}  // namespace sparktail::testing
