#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sparktail {

// The value of a Measure.
struct MeasuredValue {
  std::string_view name;
  double value = 0;
};

// A sink's report on itself: for /metrics, /readyz and `--stats`. A copy, made on request;
// counts are since the start of the process.
struct SinkStatus {
  enum class State : uint8_t { kRunning, kPaused, kStopped };
  std::string name;
  std::string kind;
  State state = State::kRunning;
  std::string why;      // of kPaused
  uint64_t events = 0;  // delivered
  uint64_t bytes = 0;   // delivered
  uint64_t dead_letters = 0;
  uint64_t lost_bytes = 0;  // delivered, and then cut off by another process
  uint64_t errors = 0;      // tries that failed
  uint64_t queue_bytes = 0;
  uint64_t queue_events = 0;
  absl::Duration oldest;                // age of the oldest undelivered batch; 0: none
  absl::Duration cursor_age;            // since the cursors were last stored while something moved
  std::vector<MeasuredValue> measured;  // of its kind's measures
};

}  // namespace sparktail
