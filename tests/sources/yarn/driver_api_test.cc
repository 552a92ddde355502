#include "ingest/sources/yarn/driver_api.h"

#include <gtest/gtest.h>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

using ::sparktail::testing::DataPath;
using ::sparktail::testing::ReadFile;

std::string Recorded(const std::string& name) {
  return ReadFile(DataPath("yarn/" + name + ".body"));
}

TEST(DriverApiTest, TheEnvironmentHasTheDeployMode) {
  EXPECT_EQ(*ParseDeployMode(Recorded("ui-environment")), "cluster");
  EXPECT_EQ(*ParseDeployMode(R"({"sparkProperties":[["spark.submit.deployMode","client"]]})"),
            "client");
  EXPECT_EQ(*ParseDeployMode(R"({"sparkProperties":[["a"],7,["spark.submit.deployMode","x"]]})"),
            "");
  EXPECT_FALSE(ParseDeployMode("no streaming listener").ok());
  EXPECT_FALSE(ParseDeployMode("{}").ok());
}

TEST(DriverApiTest, JobsAreSparksOwnText) {
  const auto jobs = ParseJobs(Recorded("ui-jobs"));
  ASSERT_TRUE(jobs.ok());
  ASSERT_GT(jobs->size(), 2U);
  const SparkJob& newest = jobs->front();
  EXPECT_EQ(newest.id, 6);
  EXPECT_FALSE(newest.has_ended());
  EXPECT_EQ(newest.stages, (std::vector<int64_t>{12, 13}));
  EXPECT_TRUE(newest.json.starts_with("{\"jobId\":6,\"name\":\"start at NativeMethodAccessor"));
  EXPECT_TRUE(newest.json.ends_with("}"));
  EXPECT_NE(newest.json.find("заказы-naïve-日本-\\uD83D\\uDE00 <b>"), std::string::npos);
  const SparkJob& before = (*jobs)[1];
  EXPECT_TRUE(before.has_ended());
  EXPECT_EQ(before.status, "SUCCEEDED");
  EXPECT_FALSE(before.batch_ms);
  EXPECT_TRUE(ParseJobs("[ ]")->empty());
  EXPECT_FALSE(ParseJobs("{}").ok());
  EXPECT_FALSE(ParseJobs("[1]").ok());
  EXPECT_FALSE(ParseJobs("").ok());
}

TEST(DriverApiTest, StagesAreKept) {
  EXPECT_EQ(*ParseStage("[ { \"stageId\" : 3, \"name\" : \"a [b\" } ]"),
            "[{\"stageId\":3,\"name\":\"a [b\"}]");
  EXPECT_FALSE(ParseStage("unknown stage: 3").ok());
  EXPECT_FALSE(ParseStage("[7]").ok());
}

TEST(DriverApiTest, BatchesOfSparkStreaming) {
  const auto batches = ParseBatches(Recorded("ds-streaming_batches"));
  ASSERT_TRUE(batches.ok());
  const SparkBatch& oldest = batches->front();
  EXPECT_EQ(oldest.time, 1795276744000);
  EXPECT_EQ(oldest.status, "completed");
  ASSERT_TRUE(oldest.processing);
  EXPECT_EQ(oldest.total_delay, *oldest.processing + *oldest.scheduling_delay);
  EXPECT_EQ(batches->back().status, "queued");
  EXPECT_FALSE(batches->back().has_ended());
  EXPECT_EQ(ParseBatches(R"([{"batchId":1,"status":"COMPLETED","numFailedOutputOps":1}])")
                ->front()
                .status,
            "failed");
  EXPECT_FALSE(ParseBatches(Recorded("ui-streaming_statistics")).ok());
}

TEST(DriverApiTest, BatchesAreRebuiltOfJobs) {
  const auto jobs = ParseJobs(Recorded("ds-jobs"));
  ASSERT_TRUE(jobs.ok());
  const std::vector<SparkBatch> rebuilt = BatchesOf(*jobs);
  const std::vector<SparkBatch> told = *ParseBatches(Recorded("ds-streaming_batches"));
  ASSERT_GT(rebuilt.size(), 3U);
  EXPECT_FALSE(rebuilt.back().has_ended());
  // Spark counts from where it takes a batch up. On the busy machine of the recording that is up to
  // 2 s after the batch's time, and up to 5 s before its first job, which a Python driver makes.
  size_t compared = 0;
  for (const SparkBatch& batch : rebuilt) {
    if (!batch.has_ended()) continue;
    for (const SparkBatch& one : told) {
      if (one.time != batch.time || !one.processing) continue;
      EXPECT_GE(*batch.total_delay, *one.total_delay);
      EXPECT_LE(*batch.total_delay, *one.total_delay + 2500);
      EXPECT_GE(*batch.scheduling_delay, *one.scheduling_delay);
      EXPECT_LE(*batch.processing, *one.processing);
      EXPECT_GE(*batch.processing, *one.processing - 5000);
      ++compared;
    }
  }
  EXPECT_GT(compared, 2U);
}

TEST(DriverApiTest, ADriverWithoutStreamsSaysSo) {
  EXPECT_TRUE(SaysNoStreams("no streaming listener attached to application_1_0001"));
  EXPECT_FALSE(SaysNoStreams("Not Found"));
}

TEST(DriverApiTest, OtherJobsAreInNoBatch) {
  EXPECT_TRUE(BatchesOf(*ParseJobs(Recorded("ui-jobs"))).empty());
}

TEST(DriverApiTest, ReceiversAndStreams) {
  const auto receivers = ParseReceivers(Recorded("ds-streaming_receivers"));
  ASSERT_TRUE(receivers.ok());
  ASSERT_EQ(receivers->size(), 1U);
  EXPECT_EQ(receivers->front().name, "Queue stream [0]");
  EXPECT_EQ(receivers->front().event_rate, 0.0);
  EXPECT_FALSE(receivers->front().is_active);
}

TEST(DriverApiTest, TimesAreSparks) {
  EXPECT_EQ(absl::ToUnixMillis(*ParseSparkTime("2026-11-21T15:59:05.317GMT")), 1795276745317);
  EXPECT_FALSE(ParseSparkTime("2026-11-21T15:59:05.317"));
  EXPECT_FALSE(ParseSparkTime("GMT"));
}

TEST(DriverApiTest, TimesThatNobodyHasAreNone) {
  for (const char* text : {"infinite-futureGMT", "infinite-pastGMT", "1969-12-31T23:59:59.999GMT",
                           "2600-01-01T00:00:00GMT", "-0001-01-01T00:00:00GMT"}) {
    EXPECT_FALSE(ParseSparkTime(text)) << text;
  }
  EXPECT_TRUE(ParseBatches(R"([{"batchId":9223372036854775807}])")->empty());
  const auto jobs = ParseJobs(
      R"([{"jobId":1,"completionTime":"infinite-futureGMT","description":"Streaming job from )"
      R"(<a href=\"/streaming/batch/?id=9223372036854775807\">"}])");
  ASSERT_EQ(jobs->size(), 1U);
  EXPECT_FALSE(jobs->front().has_ended());
  EXPECT_FALSE(jobs->front().batch_ms);
}

}  // namespace
}  // namespace sparktail
