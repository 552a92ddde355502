#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>

#include "ingest/base/os.h"

namespace sparktail {

// A line on a terminal that says how far a large input was read. It draws itself a few times a
// second at most, and clears itself when it is done.
class ProgressBar {
 public:
  static constexpr uint64_t kLargeInput = uint64_t{64} << 20;

  // Draws on `fd` only if `enabled`; `total` bytes will be read.
  ProgressBar(Os* os, int fd, bool enabled, uint64_t total);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar();

  void Update(uint64_t done, uint64_t events, absl::Time now);

  // The line for these figures.
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
