#include "ingest/sources/yarn/job_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SparkJob Running(int64_t id) {
  SparkJob job;
  job.id = id;
  job.status = "RUNNING";
  return job;
}

SparkJob Ended(int64_t id, int64_t at_ms) {
  SparkJob job = Running(id);
  job.completed = absl::FromUnixMillis(at_ms);
  job.status = "SUCCEEDED";
  return job;
}

std::vector<int64_t> Take(JobWatch* watch, const std::vector<SparkJob>& jobs, bool last = false) {
  std::vector<int64_t> ids;
  for (const SparkJob& job : watch->Take(jobs, last)) ids.push_back(job.id);
  return ids;
}

TEST(JobWatchTest, TheJobsThatEndedLastWaitForTheNextLook) {
  JobWatch watch(0);
  EXPECT_THAT(Take(&watch, {Ended(1, 100), Ended(0, 50)}), IsEmpty());
  EXPECT_THAT(Take(&watch, {Ended(2, 150), Ended(1, 100), Ended(0, 50)}), ElementsAre(0, 1));
  EXPECT_THAT(Take(&watch, {Ended(2, 150), Ended(1, 100), Ended(0, 50)}), ElementsAre(2));
  EXPECT_THAT(Take(&watch, {Ended(2, 150), Ended(1, 100), Ended(0, 50)}), IsEmpty());
}

TEST(JobWatchTest, AJobThatRunsLongHoldsNoneUp) {
  JobWatch watch(0);
  Take(&watch, {Running(0), Ended(1, 100)});
  EXPECT_THAT(Take(&watch, {Running(0), Ended(1, 100)}), ElementsAre(1));
  Take(&watch, {Ended(0, 900), Ended(1, 100)});
  EXPECT_THAT(Take(&watch, {Ended(0, 900), Ended(1, 100)}), ElementsAre(0));
}

TEST(JobWatchTest, OneThatEndedInTheSameMomentIsNotMissed) {
  JobWatch watch(0);
  Take(&watch, {Ended(5, 100)});
  EXPECT_THAT(Take(&watch, {Ended(5, 100), Ended(4, 100)}), ElementsAre(4, 5));
}

TEST(JobWatchTest, AtTheEndNothingIsHeldBack) {
  JobWatch watch(0);
  EXPECT_THAT(Take(&watch, {Ended(1, 100), Running(2)}, /*last=*/true), ElementsAre(1));
}

TEST(JobWatchTest, AnotherLifeResumesWhereTheFirstStopped) {
  JobWatch watch(0);
  const std::vector<SparkJob> jobs = {Ended(0, 50), Ended(1, 100), Ended(2, 150)};
  EXPECT_THAT(Take(&watch, jobs, /*last=*/true), ElementsAre(0, 1, 2));
  JobWatch next(watch.next());
  EXPECT_THAT(Take(&next, jobs, /*last=*/true), IsEmpty());
  JobWatch middle(JobKey(jobs[0]) + 1);
  EXPECT_THAT(Take(&middle, jobs, /*last=*/true), ElementsAre(1, 2));
}

TEST(BatchWatchTest, NoBatchBeforeOneThatStillRuns) {
  const auto batch = [](int64_t time, const char* status) {
    SparkBatch one;
    one.time = time;
    one.status = status;
    return one;
  };
  BatchWatch watch(0);
  EXPECT_EQ(
      watch.Take({batch(1, "completed"), batch(2, "processing"), batch(3, "completed")}).size(),
      1U);
  const auto next = watch.Take(
      {batch(1, "completed"), batch(2, "failed"), batch(3, "completed"), batch(4, "queued")});
  ASSERT_EQ(next.size(), 2U);
  EXPECT_EQ(next[0].time, 2);
  EXPECT_TRUE(watch.Take({batch(3, "completed")}).empty());
}

}  // namespace
}  // namespace sparktail
