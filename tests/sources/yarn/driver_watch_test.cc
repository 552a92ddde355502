#include "ingest/sources/yarn/driver_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/fake_yarn_tails.h"
#include "tests/support/polled_web.h"

namespace sparktail {
namespace {

using ::sparktail::testing::FakeYarnTails;
using ::sparktail::testing::PolledWeb;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

constexpr char kRm[] = "http://rm1:8088";
constexpr char kApi[] = "/proxy/application_1_0002/api/v1/applications/application_1_0002/";

// A job that has ended in this second of a minute, or runs.
std::string Job(int id, std::optional<int> ended, const std::string& stages = "") {
  std::string job = R"({"jobId":)" + std::to_string(id);
  if (ended) {
    const std::string second = (*ended < 10 ? "0" : "") + std::to_string(*ended);
    job += R"(,"completionTime":"2026-11-21T15:59:)" + second + R"(.000GMT")";
  }
  return job + R"(,"status":")" + (ended ? "SUCCEEDED" : "RUNNING") + R"(","stageIds":[)" + stages +
         "]}";
}

std::string JobOfBatch(int id, int64_t time, int ended) {
  const std::string second = (ended < 10 ? "0" : "") + std::to_string(ended);
  return R"({"jobId":)" + std::to_string(id) +
         R"(,"status":"SUCCEEDED","submissionTime":"2026-11-21T15:59:00.000GMT",)"
         R"("completionTime":"2026-11-21T15:59:)" +
         second + R"(.000GMT","description":"Streaming job from <a href=\"/streaming/batch/?id=)" +
         std::to_string(time) + R"(\">[output operation 0]</a>"})";
}

std::string Batch(int64_t time, const std::string& status) {
  return R"({"batchId":)" + std::to_string(time) + R"(,"status":")" + status +
         R"(","inputSize":7})";
}

std::string List(const std::vector<std::string>& members) {
  std::string list = "[";
  for (const std::string& member : members) list += (list.size() > 1 ? "," : "") + member;
  return list + "]";
}

class DriverWatchTest : public ::testing::Test {
 protected:
  DriverWatchTest() { answers_["streaming/batches"] = NoDStreams(); }

  static HttpResponse NoDStreams() {
    return PolledWeb::Text("no streaming listener attached to etl", 404);
  }
  void Jobs(const std::vector<std::string>& jobs) {
    answers_["jobs"] = PolledWeb::Json(List(jobs));
  }
  void Batches(const std::vector<std::string>& batches) {
    answers_["streaming/batches"] = PolledWeb::Json(List(batches));
  }
  void Stage(int id, const std::string& name) {
    answers_["stages/" + std::to_string(id) + "?details=false"] =
        PolledWeb::Json(R"([{"stageId":)" + std::to_string(id) + R"(,"name":")" + name + "\"}]");
  }
  void Make(bool with_jobs) {
    YarnOrigin origin;
    origin.application = "application_1_0002";
    origin.name = "etl";
    watch_ = std::make_unique<DriverWatch>(&queue_, &tails_, origin, with_jobs);
  }
  // True if the driver has responded.
  bool Look() {
    std::optional<bool> is_well;
    watch_->Look(kRm, [&](bool well) {
      EXPECT_FALSE(is_well);
      is_well = well;
    });
    while (!is_well && queue_.in_flight() > 0) {
      EXPECT_TRUE(watch_->is_asking());
      queue_.Poll();
    }
    EXPECT_TRUE(is_well);
    EXPECT_FALSE(watch_->is_asking());
    EXPECT_EQ(queue_.in_flight(), 0U);
    return is_well.value_or(false);
  }

  // Ids, with the stages of each.
  std::vector<std::string> jobs() const {
    std::vector<std::string> all;
    for (const FinishedJob& one : tails_.jobs) {
      std::string text = std::to_string(one.job.id);
      for (const std::string& stage : one.stages) text += " " + stage;
      all.push_back(text);
    }
    return all;
  }
  std::vector<int64_t> batches() const {
    std::vector<int64_t> times;
    for (const SparkBatch& batch : tails_.batches) times.push_back(batch.time);
    return times;
  }

  std::map<std::string, HttpResponse> answers_;
  PolledWeb web_{[this](const std::string& url) {
    const size_t at = url.find(kApi);
    EXPECT_TRUE(url.starts_with(kRm) && at != std::string::npos) << url;
    const auto found = answers_.find(url.substr(at + std::string(kApi).size()));
    return found == answers_.end() ? PolledWeb::Text("unknown", 404) : found->second;
  }};
  HostQueue queue_{&web_, 4};
  FakeYarnTails tails_;
  std::unique_ptr<DriverWatch> watch_;
};

TEST_F(DriverWatchTest, JobsComeOnceWithTheirStages) {
  Stage(10, "a");
  Stage(11, "b");
  Stage(12, "c");
  Make(/*with_jobs=*/true);
  EXPECT_TRUE(watch_->is_busy());
  Jobs({Job(2, std::nullopt, "12"), Job(1, 5, "10,11")});
  EXPECT_TRUE(Look());
  EXPECT_THAT(jobs(), IsEmpty());  // another one may have ended in the same moment
  EXPECT_TRUE(Look());
  const std::string first = R"(1 [{"stageId":10,"name":"a"}] [{"stageId":11,"name":"b"}])";
  EXPECT_THAT(jobs(), ElementsAre(first));
  Jobs({Job(3, std::nullopt), Job(2, 9, "12"), Job(1, 5, "10,11")});
  Look();
  Look();
  Look();
  EXPECT_THAT(jobs(), ElementsAre(first, R"(2 [{"stageId":12,"name":"c"}])"));
  EXPECT_EQ(tails_.origins.at(0).name, "etl");
  EXPECT_EQ(web_.most_at_once, 1U);
  EXPECT_EQ(web_.Asked("stages/10"), 1U);
}

TEST_F(DriverWatchTest, AStageThatTheDriverHasForgottenIsLeftOut) {
  Stage(11, "b");
  Jobs({Job(1, 5, "10,11")});
  Make(/*with_jobs=*/true);
  Look();
  EXPECT_TRUE(Look());
  EXPECT_THAT(jobs(), ElementsAre(R"(1 [{"stageId":11,"name":"b"}])"));
}

TEST_F(DriverWatchTest, AnErrorBetweenStagesIsResumedTheNextTime) {
  Stage(10, "a");
  Stage(11, "b");
  Jobs({Job(2, 7, "11,12"), Job(1, 5, "10")});
  answers_["stages/12?details=false"] = PolledWeb::Json("{}", 500);
  Make(/*with_jobs=*/true);
  Look();
  EXPECT_FALSE(Look());
  const std::string first = R"(1 [{"stageId":10,"name":"a"}])";
  EXPECT_THAT(jobs(), ElementsAre(first));
  answers_["stages/12?details=false"] = PolledWeb::Json("no JSON");
  EXPECT_FALSE(Look());
  Stage(12, "c");
  EXPECT_TRUE(Look());
  EXPECT_THAT(jobs(),
              ElementsAre(first, R"(2 [{"stageId":11,"name":"b"}] [{"stageId":12,"name":"c"}])"));
  EXPECT_EQ(web_.Asked("stages/11"), 1U);
}

TEST_F(DriverWatchTest, ManyJobsAreEmittedInParts) {
  std::vector<std::string> many;
  many.reserve(120);
  for (int id = 0; id < 120; ++id) many.push_back(Job(id, id / 2));
  Jobs(many);
  Make(/*with_jobs=*/true);
  Look();
  Look();
  EXPECT_THAT(tails_.jobs, SizeIs(120));
  EXPECT_THAT(tails_.jobs_together, Each(Le(50U)));
}

TEST_F(DriverWatchTest, JobsThatTheSinksHaveAreNotReportedAgain) {
  SparkJob known;
  known.id = 1;
  known.completed = ParseSparkTime("2026-11-21T15:59:05.000GMT");
  tails_.jobs_begin = JobKey(known) + 1;
  tails_.batches_begin = 2001;
  Jobs({Job(2, 7), Job(1, 5)});
  Batches({Batch(3000, "COMPLETED"), Batch(2000, "COMPLETED")});
  Make(/*with_jobs=*/true);
  Look();
  Look();
  EXPECT_THAT(jobs(), ElementsAre("2"));
  EXPECT_THAT(batches(), ElementsAre(3000));
}

TEST_F(DriverWatchTest, BatchesComeOnce) {
  Make(/*with_jobs=*/false);
  EXPECT_FALSE(watch_->is_busy());
  Batches({Batch(2000, "PROCESSING"), Batch(1000, "COMPLETED")});
  EXPECT_TRUE(Look());
  EXPECT_TRUE(watch_->is_busy());
  EXPECT_THAT(batches(), ElementsAre(1000));
  Batches({Batch(3000, "QUEUED"), Batch(2000, "COMPLETED"), Batch(1000, "COMPLETED")});
  Look();
  Look();
  EXPECT_THAT(batches(), ElementsAre(1000, 2000));
  EXPECT_EQ(tails_.batches.at(0).records, 7);
  EXPECT_EQ(web_.Asked("/jobs"), 0U);
}

TEST_F(DriverWatchTest, ADriverWithoutDStreamsIsNotAskedForJobs) {
  Make(/*with_jobs=*/false);
  EXPECT_TRUE(Look());
  EXPECT_FALSE(watch_->is_busy());
  EXPECT_EQ(web_.Asked("/jobs"), 0U);
  EXPECT_TRUE(Look());
  EXPECT_EQ(web_.Asked("/streaming"), 2U);
}

TEST_F(DriverWatchTest, BatchesOfAnOldDriverAreRebuiltFromJobs) {
  answers_["streaming/batches"] = PolledWeb::Text("HTTP 404 Not Found", 404);
  Jobs({JobOfBatch(2, 2000, 6), JobOfBatch(1, 1000, 5), JobOfBatch(0, 1000, 4)});
  Make(/*with_jobs=*/false);
  EXPECT_TRUE(Look());
  EXPECT_TRUE(watch_->is_busy());
  EXPECT_THAT(batches(), ElementsAre(1000));
  EXPECT_EQ(tails_.batches.at(0).jobs, 2);
  EXPECT_THAT(jobs(), IsEmpty());
  Jobs({JobOfBatch(3, 3000, 7), JobOfBatch(2, 2000, 6)});
  EXPECT_TRUE(Look());
  EXPECT_THAT(batches(), ElementsAre(1000, 2000));
  EXPECT_EQ(web_.Asked("/streaming"), 1U);
}

// The ResourceManager's proxy answers so of an application that it does not know yet.
TEST_F(DriverWatchTest, AServerWithoutJobsIsNotAnOldDriver) {
  answers_["streaming/batches"] = PolledWeb::Text("HTTP 404 Not Found", 404);
  Make(/*with_jobs=*/false);
  EXPECT_FALSE(Look());
  Batches({Batch(2000, "PROCESSING"), Batch(1000, "COMPLETED")});
  Jobs({JobOfBatch(2, 2000, 6), JobOfBatch(1, 1000, 5)});
  EXPECT_TRUE(Look());
  ASSERT_THAT(batches(), ElementsAre(1000));
  EXPECT_EQ(tails_.batches.at(0).records, 7);
}

TEST_F(DriverWatchTest, AnUnresponsiveDriverIsReported) {
  Jobs({Job(1, 5)});
  Make(/*with_jobs=*/true);
  Look();
  const HttpResponse bad[] = {PolledWeb::Unreachable(), PolledWeb::Json("[]", 500),
                              PolledWeb::Json("no JSON"), PolledWeb::Text("log in", 403),
                              PolledWeb::Text("moved", 307)};
  for (const HttpResponse& answer : bad) {
    answers_["streaming/batches"] = answer;
    EXPECT_FALSE(Look()) << answer.status;
    answers_["streaming/batches"] = NoDStreams();
    const HttpResponse good = std::exchange(answers_["jobs"], answer);
    EXPECT_FALSE(Look()) << answer.status;
    answers_["jobs"] = good;
  }
  EXPECT_THAT(jobs(), IsEmpty());
  EXPECT_TRUE(Look());
  EXPECT_THAT(jobs(), ElementsAre("1"));
}

TEST_F(DriverWatchTest, TheEndEmitsWhatWasHeldBack) {
  Stage(10, "a");
  Jobs({Job(3, std::nullopt), Job(2, 7, "11"), Job(1, 5, "10,12")});
  answers_["stages/12?details=false"] = PolledWeb::Unreachable();
  Make(/*with_jobs=*/true);
  Look();
  Jobs({Job(4, 8, "13"), Job(3, std::nullopt), Job(2, 7, "11"), Job(1, 5, "10,12")});
  EXPECT_FALSE(Look());
  EXPECT_THAT(jobs(), IsEmpty());
  watch_->End();
  // Stages that were not told by then are not known any more.
  EXPECT_THAT(jobs(), ElementsAre(R"(1 [{"stageId":10,"name":"a"}])", "2", "4"));
  watch_->End();
  EXPECT_THAT(tails_.jobs, SizeIs(3));
  EXPECT_EQ(queue_.in_flight(), 0U);
}

TEST_F(DriverWatchTest, WithoutJobsTheEndEmitsNothing) {
  Jobs({Job(1, 5)});
  Make(/*with_jobs=*/false);
  Look();
  watch_->End();
  EXPECT_THAT(jobs(), IsEmpty());
}

}  // namespace
}  // namespace sparktail
