#include "ingest/streams/noise_timer.h"

#include <gtest/gtest.h>

namespace sparktail {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

TEST(NoiseTimerTest, IsDueAfterTheInterval) {
  NoiseTimer timer;
  EXPECT_FALSE(timer.is_waiting());
  EXPECT_FALSE(timer.IsDue(kNow));
  timer.OnMoved(kNow);
  timer.OnMoved(kNow + absl::Seconds(1));
  EXPECT_TRUE(timer.is_waiting());
  EXPECT_FALSE(timer.IsDue(kNow + NoiseTimer::kInterval - absl::Nanoseconds(1)));
  EXPECT_TRUE(timer.IsDue(kNow + NoiseTimer::kInterval));
  timer.Reset();
  EXPECT_FALSE(timer.is_waiting());
  EXPECT_FALSE(timer.IsDue(kNow + absl::Hours(1)));
}

TEST(NoiseTimerTest, CanBeDueAtOnce) {
  NoiseTimer timer;
  timer.OnMoved(kNow);
  timer.OnMoved(absl::InfinitePast());
  EXPECT_TRUE(timer.IsDue(kNow));
}

}  // namespace
}  // namespace sparktail
