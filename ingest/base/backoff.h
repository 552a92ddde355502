#pragma once

#include <absl/random/bit_gen_ref.h>
#include <absl/time/time.h>

#include <cstddef>

namespace sparktail {

// The delay before a retry: it doubles with each failure in a row, up to a bound, and is drawn at
// random, so that clients that failed together do not return together.
struct Backoff {
  absl::Duration first;
  absl::Duration longest;
  // The delay is at least this share of its bound. 0 is full jitter, 1 is none.
  double least_share = 0;

  // The longest delay after so many failures in a row.
  absl::Duration BoundAfter(size_t failures) const;
  // The delay after so many failures in a row. `random` is a parameter for tests and for owners of
  // a generator. Thread-safe without it.
  absl::Duration After(size_t failures, absl::BitGenRef random) const;
  absl::Duration After(size_t failures) const;
};

}  // namespace sparktail
