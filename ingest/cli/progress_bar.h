#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>

#include "ingest/base/os.h"

namespace sparktail {

// A line on a terminal that shows how much of a large input has been read. It is drawn a few times
// a second at most, and cleared by the destructor.
class ProgressBar {
 public:
  static constexpr uint64_t kLargeInput = uint64_t{64} << 20;

  // Draws on `fd` if `enabled` and `total`, the bytes to read, is at least kLargeInput.
  ProgressBar(Os* os, int fd, bool enabled, uint64_t total);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar();

  void Update(uint64_t done, uint64_t events, absl::Time now);

  // Returns the line for these figures.
  static std::string Format(uint64_t done, uint64_t total, uint64_t events, absl::Duration elapsed);

 private:
  Os* os_;
  int fd_;
  bool enabled_;
  uint64_t total_;
  bool drawn_ = false;
  absl::Time started_ = absl::InfinitePast();
  absl::Time last_ = absl::InfinitePast();
};

}  // namespace sparktail
