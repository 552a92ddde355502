#include "ingest/base/backoff.h"

#include <absl/random/random.h>
#include <gtest/gtest.h>

#include <cstdint>

namespace sparktail {
namespace {

// Always draws the same bits.
struct Constant {
  using result_type = uint64_t;
  static constexpr uint64_t min() { return 0; }
  static constexpr uint64_t max() { return UINT64_MAX; }
  uint64_t operator()() { return bits; }
  uint64_t bits;
};

constexpr Backoff kFull = {absl::Milliseconds(100), absl::Seconds(15)};

TEST(BackoffTest, TheBoundDoublesUpToTheLongest) {
  EXPECT_EQ(kFull.BoundAfter(0), absl::Milliseconds(100));
  EXPECT_EQ(kFull.BoundAfter(1), absl::Milliseconds(100));
  EXPECT_EQ(kFull.BoundAfter(2), absl::Milliseconds(200));
  EXPECT_EQ(kFull.BoundAfter(8), absl::Milliseconds(12'800));
  EXPECT_EQ(kFull.BoundAfter(9), absl::Seconds(15));
  EXPECT_EQ(kFull.BoundAfter(SIZE_MAX), absl::Seconds(15));
}

TEST(BackoffTest, FullJitterReachesFromZeroToTheBound) {
  Constant half{uint64_t{1} << 63};
  Constant most{UINT64_MAX};
  EXPECT_EQ(kFull.After(3, half), absl::Milliseconds(200));
  EXPECT_GT(kFull.After(3, most), absl::Milliseconds(399));
  EXPECT_LE(kFull.After(3, most), absl::Milliseconds(400));
  Constant least{1};
  EXPECT_LT(kFull.After(3, least), absl::Microseconds(1));
}

TEST(BackoffTest, ALeastShareKeepsSomeDelay) {
  const Backoff some = {absl::Seconds(1), absl::Seconds(10), 0.5};
  Constant least{1};
  Constant half{uint64_t{1} << 63};
  EXPECT_NEAR(absl::ToDoubleSeconds(some.After(1, least)), 0.5, 1e-6);
  EXPECT_NEAR(absl::ToDoubleSeconds(some.After(2, half)), 1.5, 1e-6);
  const Backoff none = {absl::Seconds(1), absl::Seconds(10), 1};
  EXPECT_EQ(none.After(2), absl::Seconds(2));
}

TEST(BackoffTest, ItsOwnGeneratorDrawsDifferentDelays) {
  const absl::Duration one = kFull.After(5);
  bool differs = false;
  for (int i = 0; i < 20; ++i) {
    const absl::Duration other = kFull.After(5);
    differs = differs || other != one;
    EXPECT_GE(other, absl::ZeroDuration());
    EXPECT_LE(other, kFull.BoundAfter(5));
  }
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace sparktail
