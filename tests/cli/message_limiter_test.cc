#include "ingest/cli/message_limiter.h"

#include <gtest/gtest.h>

#include <string>

namespace sparktail {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

bool Admit(MessageLimiter* limiter, const std::string& what, absl::Time now) {
  return limiter->Admit(Log::Level::kWarning, what, "about " + what, now);
}

TEST(MessageLimiter, TheFirstMessagesOfANameAreAdmittedAndTheRestCounted) {
  MessageLimiter limiter;
  for (uint64_t i = 0; i < MessageLimiter::kMost; ++i) EXPECT_TRUE(Admit(&limiter, "a", kStart));
  for (int i = 0; i < 123; ++i) EXPECT_FALSE(Admit(&limiter, "a", kStart + absl::Seconds(1)));
  EXPECT_TRUE(Admit(&limiter, "b", kStart + absl::Seconds(1)));
  EXPECT_TRUE(limiter.TakeEnded(kStart + absl::Seconds(59)).empty());

  const auto taken = limiter.TakeEnded(kStart + absl::Seconds(60));
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].what, "a");
  EXPECT_EQ(taken[0].count, 123U);
  EXPECT_EQ(taken[0].level, Log::Level::kWarning);
  EXPECT_EQ(taken[0].message, "about a");
  EXPECT_TRUE(limiter.TakeEnded(kStart + absl::Hours(1)).empty());
}

TEST(MessageLimiter, ANewWindowBeginsWithTheNextMessage) {
  MessageLimiter limiter;
  for (int i = 0; i < 100; ++i) Admit(&limiter, "a", kStart);
  limiter.TakeEnded(kStart + absl::Seconds(60));
  EXPECT_TRUE(Admit(&limiter, "a", kStart + absl::Seconds(60)));
}

TEST(MessageLimiter, AClockThatIsSetBackEndsAllWindows) {
  MessageLimiter limiter;
  for (int i = 0; i < 10; ++i) Admit(&limiter, "a", kStart);
  EXPECT_EQ(limiter.TakeEnded(kStart - absl::Hours(1)).size(), 1U);
  EXPECT_TRUE(Admit(&limiter, "a", kStart - absl::Hours(1)));
}

TEST(MessageLimiter, ManyNamesCountTogetherByTheirFirstWord) {
  MessageLimiter limiter;
  size_t admitted = 0;
  for (size_t i = 0; i < 10 * MessageLimiter::kMostNames; ++i) {
    admitted += Admit(&limiter, "file_unreadable /logs/" + std::to_string(i), kStart) ? 1 : 0;
  }
  EXPECT_LE(admitted, MessageLimiter::kMostNames);
  EXPECT_TRUE(Admit(&limiter, "sink_paused s", kStart)) << "other kinds still have a say";
  uint64_t suppressed = 0;
  for (const auto& one : limiter.TakeAll()) suppressed += one.count;
  EXPECT_EQ(admitted + suppressed, 10 * MessageLimiter::kMostNames);
}

TEST(MessageLimiter, MemoryIsBoundedWhateverTheNames) {
  MessageLimiter limiter;
  for (size_t i = 0; i < 5 * MessageLimiter::kMostNames; ++i) {
    Admit(&limiter, std::to_string(i) + std::string(100'000, 'x'), kStart);
  }
  EXPECT_LE(limiter.names(), MessageLimiter::kMostNames);
  const auto taken = limiter.TakeAll();
  ASSERT_FALSE(taken.empty());
  for (const auto& one : taken) EXPECT_LT(one.what.size() + one.message.size(), 1000U);
  EXPECT_EQ(limiter.names(), 0U);
}

}  // namespace
}  // namespace sparktail
