#include "sinks/bulk/connection_limit.h"

#include <gtest/gtest.h>

namespace sparktail {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

TEST(ConnectionLimitTest, GrowsByOneARound) {
  ConnectionLimit limit(4);
  EXPECT_EQ(limit.limit(), 1U);
  limit.OnSuccess();
  EXPECT_EQ(limit.limit(), 2U);
  limit.OnSuccess();
  EXPECT_EQ(limit.limit(), 2U);
  for (int i = 0; i < 2; ++i) limit.OnSuccess();
  EXPECT_EQ(limit.limit(), 3U);
  for (int i = 0; i < 100; ++i) limit.OnSuccess();
  EXPECT_EQ(limit.limit(), 4U);
}

TEST(ConnectionLimitTest, IsHalvedByAnOverload) {
  ConnectionLimit limit(16);
  for (int i = 0; i < 1000; ++i) limit.OnSuccess();
  limit.OnOverload(kNow, kNow + absl::Seconds(1));
  EXPECT_EQ(limit.limit(), 8U);
  for (int i = 2; i < 9; ++i) {
    limit.OnOverload(kNow + absl::Seconds(i), kNow + absl::Seconds(i + 1));
  }
  EXPECT_EQ(limit.limit(), 1U);
}

TEST(ConnectionLimitTest, RequestsThatWereOnTheirWayTogetherAreOneSign) {
  ConnectionLimit limit(16);
  for (int i = 0; i < 1000; ++i) limit.OnSuccess();
  for (int i = 0; i < 16; ++i) limit.OnOverload(kNow, kNow + absl::Seconds(1));
  EXPECT_EQ(limit.limit(), 8U);
}

}  // namespace
}  // namespace sparktail
