#include "parsers/context_stop.h"

#include <gtest/gtest.h>

#include <string>

namespace sparktail {
namespace {

constexpr std::string_view kStopped =
    "26/11/21 15:00:00 INFO SparkContext: Successfully stopped SparkContext\n";
constexpr std::string_view kAfterwards =
    "26/11/21 15:00:00 INFO ShutdownHookManager: Shutdown hook called\n";

TEST(ContextStopTest, TheWordsMayStandAnywhereInTheEnd) {
  EXPECT_TRUE(SaysThatContextStopped(kStopped));
  EXPECT_TRUE(SaysThatContextStopped(std::string(kStopped) + std::string(kAfterwards)));
  EXPECT_TRUE(SaysThatContextStopped(std::string(kAfterwards) + std::string(kStopped)));
  EXPECT_TRUE(SaysThatContextStopped(kStopped.substr(kStopped.find("Successfully"))));
}

TEST(ContextStopTest, NoOtherWordsDo) {
  EXPECT_FALSE(SaysThatContextStopped(""));
  EXPECT_FALSE(SaysThatContextStopped(kAfterwards));
  EXPECT_FALSE(SaysThatContextStopped("INFO SparkContext: Invoking stop() from shutdown hook\n"));
}

TEST(ContextStopTest, APartOfTheWordsIsNotEnough) {
  const size_t end = kStopped.size() - 1;  // the newline may be missing
  for (size_t cut = 0; cut < end; ++cut) {
    EXPECT_FALSE(SaysThatContextStopped(kStopped.substr(0, cut))) << cut;
  }
  EXPECT_TRUE(SaysThatContextStopped(kStopped.substr(0, end)));
}

}  // namespace
}  // namespace sparktail
