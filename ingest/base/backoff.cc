#include "ingest/base/backoff.h"

#include <absl/random/random.h>

#include <algorithm>
#include <cstdint>

namespace sparktail {
namespace {

constexpr size_t kMostDoublings = 30;

}  // namespace

absl::Duration Backoff::BoundAfter(size_t failures) const {
  const size_t doublings = std::min(failures - std::min<size_t>(failures, 1), kMostDoublings);
  return std::min(longest, first * (int64_t{1} << doublings));
}

absl::Duration Backoff::After(size_t failures, absl::BitGenRef random) const {
  const absl::Duration bound = BoundAfter(failures);
  if (least_share >= 1) return bound;
  return bound * absl::Uniform(random, least_share, 1.0);
}

absl::Duration Backoff::After(size_t failures) const {
  static thread_local absl::BitGen random;
  return After(failures, random);
}

}  // namespace sparktail
