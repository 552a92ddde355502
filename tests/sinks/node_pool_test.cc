#include "sinks/bulk/node_pool.h"

#include <absl/time/clock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

namespace sparktail {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

absl::BitGen Seeded(unsigned seed) { return absl::BitGen(std::seed_seq{seed}); }

std::set<size_t> NextOnes(NodePool* pool, size_t count, absl::Time now) {
  std::set<size_t> nodes;
  for (size_t i = 0; i < count; ++i) {
    const std::optional<size_t> node = pool->Next(now);
    if (node) nodes.insert(*node);
  }
  return nodes;
}

TEST(NodePoolTest, NodesAreTakenInTurn) {
  NodePool pool({"a", "b", "c"}, Seeded(1));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(NextOnes(&pool, 3, kNow), (std::set<size_t>{0, 1, 2}));
  EXPECT_EQ(pool.url(1), "b");
}

TEST(NodePoolTest, NotAllProcessesBeginWithTheSame) {
  std::set<size_t> first;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    first.insert(*NodePool({"a", "b", "c"}, Seeded(seed)).Next(kNow));
  }
  EXPECT_EQ(first, (std::set<size_t>{0, 1, 2}));
}

TEST(NodePoolTest, OneThatFailsRests) {
  NodePool pool({"a", "b"}, Seeded(1));
  pool.OnFailure(0, kNow, absl::Seconds(2));
  EXPECT_EQ(NextOnes(&pool, 4, kNow + absl::Milliseconds(1999)), (std::set<size_t>{1}));
  EXPECT_EQ(NextOnes(&pool, 4, kNow + absl::Seconds(2)), (std::set<size_t>{0, 1}));
}

TEST(NodePoolTest, WhenAllRestTheFirstOneIsWaitedFor) {
  NodePool pool({"a", "b"}, Seeded(1));
  pool.OnFailure(0, kNow, absl::Seconds(5));
  pool.OnFailure(1, kNow, absl::Seconds(3));
  EXPECT_EQ(pool.Next(kNow + absl::Seconds(1)), std::nullopt);
  EXPECT_EQ(pool.free_at(), kNow + absl::Seconds(3));
  EXPECT_EQ(pool.Next(pool.free_at()), 1U);
}

// Full jitter: any time from zero to a bound that doubles.
TEST(NodePoolTest, RestsGrowUpToABound) {
  absl::Duration longest[3];
  constexpr int kFailures[] = {1, 4, 40};
  for (unsigned seed = 1; seed <= 200; ++seed) {
    for (int i = 0; i < 3; ++i) {
      NodePool pool({"a"}, Seeded(seed));
      // Each time when its last rest is over.
      for (int n = 0; n < kFailures[i]; ++n) {
        pool.OnFailure(0, kNow + absl::Hours(n), std::nullopt);
      }
      const absl::Duration rest = pool.free_at() - (kNow + absl::Hours(kFailures[i] - 1));
      EXPECT_GE(rest, absl::ZeroDuration());
      longest[i] = std::max(longest[i], rest);
    }
  }
  EXPECT_LE(longest[0], NodePool::kRest.first);
  EXPECT_GT(longest[0], NodePool::kRest.first / 2);
  EXPECT_LE(longest[1], NodePool::kRest.first * 8);
  EXPECT_GT(longest[1], NodePool::kRest.first * 4);
  EXPECT_LE(longest[2], NodePool::kRest.longest);
  EXPECT_GT(longest[2], NodePool::kRest.longest / 2);
}

TEST(NodePoolTest, ASuccessEndsTheGrowth) {
  NodePool pool({"a"}, Seeded(1));
  for (int i = 0; i < 20; ++i) pool.OnFailure(0, kNow, std::nullopt);
  pool.OnSuccess(0);
  const absl::Time later = kNow + absl::Hours(1);
  pool.OnFailure(0, later, std::nullopt);
  EXPECT_LE(pool.free_at() - later, NodePool::kRest.first);
}

}  // namespace
}  // namespace sparktail
