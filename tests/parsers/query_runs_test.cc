#include "parsers/query_runs.h"

#include <gtest/gtest.h>

#include <string>

namespace sparktail {
namespace {

std::string RunId(size_t n) { return "run-" + std::to_string(n); }

TEST(QueryRunsTest, TheOnlyQueryIsKnownAfterABanner) {
  QueryRuns runs;
  runs.Begin();
  EXPECT_EQ(runs.FindOnlyAlive(), nullptr);
  runs.MarkAlive("id", "run", "name");
  ASSERT_NE(runs.FindOnlyAlive(), nullptr);
  EXPECT_EQ(*runs.FindOnlyAlive(), (QueryRun{"id", "run", "name", QueryRun::State::kAlive}));
}

TEST(QueryRunsTest, WithoutABannerOthersMayBeAlive) {
  QueryRuns runs;
  runs.MarkAlive("id", "run", "");
  EXPECT_TRUE(runs.IsKnown("run"));
  EXPECT_EQ(runs.FindOnlyAlive(), nullptr);
}

TEST(QueryRunsTest, WithTwoAliveThereIsNoOnlyOne) {
  QueryRuns runs;
  runs.Begin();
  runs.MarkAlive("a", "run-a", "");
  runs.MarkAlive("b", "run-b", "");
  EXPECT_EQ(runs.FindOnlyAlive(), nullptr);
  EXPECT_TRUE(runs.MarkEnded("a", "run-a"));
  ASSERT_NE(runs.FindOnlyAlive(), nullptr);
  EXPECT_EQ(runs.FindOnlyAlive()->run_id, "run-b");
  EXPECT_TRUE(runs.MarkEnded("b", "run-b"));
  EXPECT_EQ(runs.FindOnlyAlive(), nullptr);
}

TEST(QueryRunsTest, ARunEndsOnce) {
  QueryRuns runs;
  runs.Begin();
  runs.MarkAlive("id", "run", "");
  EXPECT_TRUE(runs.MarkEnded("id", "run"));
  EXPECT_FALSE(runs.MarkEnded("id", "run"));
  runs.MarkAlive("id", "run", "");  // a late line
  EXPECT_EQ(runs.FindOnlyAlive(), nullptr);
  EXPECT_FALSE(runs.MarkEnded("id", "run"));
}

TEST(QueryRunsTest, TheEndOfAnUnknownRunIsNewsOnce) {
  QueryRuns runs;
  EXPECT_TRUE(runs.MarkEnded("id", "run"));
  EXPECT_TRUE(runs.IsKnown("run"));
  EXPECT_FALSE(runs.MarkEnded("id", "run"));
  runs.MarkAlive("id", "run", "");
  EXPECT_EQ(runs.runs()[0].state, QueryRun::State::kEnded);
}

TEST(QueryRunsTest, RunsOfOneQueryAreApart) {
  QueryRuns runs;
  runs.Begin();
  runs.MarkAlive("id", "first", "");
  EXPECT_TRUE(runs.MarkEnded("id", "first"));
  runs.MarkAlive("id", "second", "");
  ASSERT_NE(runs.FindOnlyAlive(), nullptr);
  EXPECT_EQ(runs.FindOnlyAlive()->run_id, "second");
  EXPECT_TRUE(runs.MarkEnded("id", "second"));
}

TEST(QueryRunsTest, ASecondSignOfLifeChangesNothing) {
  QueryRuns runs;
  runs.Begin();
  runs.MarkAlive("id", "run", "name");
  runs.MarkAlive("other", "run", "other");
  ASSERT_EQ(runs.runs().size(), 1U);
  EXPECT_EQ(runs.runs()[0].name, "name");
}

TEST(QueryRunsTest, ABannerForgetsEverything) {
  QueryRuns runs;
  runs.MarkAlive("id", "run", "");
  runs.Begin();
  EXPECT_TRUE(runs.complete());
  EXPECT_TRUE(runs.runs().empty());
  EXPECT_FALSE(runs.IsKnown("run"));
}

// Spark runs a query once at a time: a new run proves that the one before has ended. Its stop,
// which Spark may log later, is still news.
TEST(QueryRunsTest, ANewRunOfAQuerySupersedesTheOneBefore) {
  QueryRuns runs;
  runs.Begin();
  runs.MarkAlive("id", "first", "q");
  runs.MarkAlive("id", "second", "q");
  ASSERT_NE(runs.FindOnlyAlive(), nullptr);
  EXPECT_EQ(runs.FindOnlyAlive()->run_id, "second");
  EXPECT_TRUE(runs.MarkEnded("id", "first"));
  EXPECT_FALSE(runs.MarkEnded("id", "first"));
}

TEST(QueryRunsTest, AMissedStartLeavesNothingCertain) {
  QueryRuns runs;
  runs.Begin();
  runs.MarkAlive("id", "run", "q");
  runs.MarkMissedStart();
  EXPECT_EQ(runs.FindOnlyAlive(), nullptr);
}

TEST(QueryRunsTest, TheOldestEndedRunIsForgottenFirst) {
  QueryRuns runs;
  runs.Begin();
  for (size_t i = 0; i < QueryRuns::kMaxRuns; ++i)
    runs.MarkAlive("id" + std::to_string(i), RunId(i), "");
  runs.MarkEnded("id", RunId(7));
  runs.MarkEnded("id", RunId(5));
  runs.MarkAlive("id", "new", "");
  EXPECT_FALSE(runs.IsKnown(RunId(5)));
  EXPECT_TRUE(runs.IsKnown(RunId(7)));
  EXPECT_TRUE(runs.IsKnown(RunId(0)));
  EXPECT_TRUE(runs.complete());  // all that are alive are still known
}

TEST(QueryRunsTest, ForgettingALiveRunIsRemembered) {
  QueryRuns runs;
  runs.Begin();
  for (size_t i = 0; i <= QueryRuns::kMaxRuns; ++i)
    runs.MarkAlive("id" + std::to_string(i), RunId(i), "");
  EXPECT_FALSE(runs.IsKnown(RunId(0)));
  EXPECT_FALSE(runs.complete());
  for (size_t i = 1; i < QueryRuns::kMaxRuns; ++i) runs.MarkEnded("id", RunId(i));
  EXPECT_EQ(runs.FindOnlyAlive(), nullptr);  // the forgotten run may be alive
  runs.Begin();
  EXPECT_TRUE(runs.complete());
}

TEST(QueryRunsTest, NeverHoldsMoreThanItsBound) {
  QueryRuns runs;
  runs.Begin();
  for (size_t i = 0; i < 10'000; ++i) {
    if (i % 3 == 0) {
      runs.MarkEnded("id", RunId(i));
    } else {
      runs.MarkAlive("id", RunId(i), std::string(i, 'n'));
    }
    ASSERT_LE(runs.runs().size(), QueryRuns::kMaxRuns);
    EXPECT_TRUE(runs.IsKnown(RunId(i)));
  }
  for (const QueryRun& run : runs.runs()) EXPECT_LE(run.name.size(), QueryRuns::kMaxName);
}

TEST(QueryRunsTest, LongNamesAreNotKept) {
  QueryRuns runs;
  runs.MarkAlive("a", "run-a", std::string(QueryRuns::kMaxName, 'n'));
  runs.MarkAlive("b", "run-b", std::string(QueryRuns::kMaxName + 1, 'n'));
  EXPECT_EQ(runs.runs()[0].name.size(), QueryRuns::kMaxName);
  EXPECT_EQ(runs.runs()[1].name, "");
}

TEST(QueryRunsTest, RestoresWhatItStored) {
  QueryRuns runs;
  runs.Begin();
  runs.MarkAlive("a", "run-a", "name");
  runs.MarkEnded("b", "run-b");
  EXPECT_EQ(QueryRuns::Restore(runs.runs(), runs.complete()), runs);
  EXPECT_FALSE(QueryRuns::Restore(runs.runs(), false) == runs);
  EXPECT_EQ(QueryRuns::Restore({}, false), QueryRuns());
}

}  // namespace
}  // namespace sparktail
