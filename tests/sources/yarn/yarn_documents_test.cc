#include "ingest/sources/yarn/yarn_documents.h"

#include <gtest/gtest.h>

#include "parsers/event_id.h"

namespace sparktail {
namespace {

const YarnDocuments kDocuments("prod", "pro");

std::string Only(const EventBuffer& events) {
  EXPECT_EQ(events.events.size(), 1U);
  return std::string(events.document(events.events.at(0)));
}

std::string Id(std::initializer_list<std::string_view> fields) {
  return std::string(View(MakeEventId(fields)));
}

TEST(YarnDocumentsTest, AJobIsSparksOwnTextWithItsStages) {
  FinishedJob job;
  job.job.id = 7;
  job.job.json = R"({"jobId":7,"stageIds":[1,2]})";
  job.job.completed = absl::FromUnixMillis(1'500);
  job.stages = {R"([{"stageId":1},{"stageId":1,"attemptId":1}])", "[]", R"([{"stageId":2}])"};
  EventBuffer events;
  kDocuments.WriteJob({"application_1_2", "etl", "root", "client", "", INT64_MIN}, job, 42,
                      &events);
  EXPECT_EQ(Only(events),
            "{\"@timestamp\":\"1970-01-01T00:00:01.500Z\",\"kind\":\"job\",\"id\":\"" +
                Id({"job", "application_1_2", "", "7"}) +
                "\",\"environment\":\"pro\",\"appName\":\"etl\",\"appId\":\"application_1_2\","
                "\"deployMode\":\"client\",\"running\":true,\"source\":{\"name\":\"prod\"},"
                "\"job\":{\"jobId\":7,\"stageIds\":[1,2]},\"stages\":[{\"stageId\":1},"
                "{\"stageId\":1,\"attemptId\":1},{\"stageId\":2}]}");
  EXPECT_EQ(events.events[0].offset, 42U);
  EXPECT_EQ(events.events[0].time_ms, 1500);
  EXPECT_EQ(events.events[0].kind, EventKind::kJob);
}

TEST(YarnDocumentsTest, ABatchHasWhatIsKnown) {
  SparkBatch batch;
  batch.time = 1'000;
  batch.status = "completed";
  batch.processing = 70;
  batch.scheduling_delay = 5;
  batch.total_delay = 75;
  EventBuffer events;
  kDocuments.WriteBatch({"application_1_2", "ds", "root", "cluster", "2", INT64_MIN}, batch, 1000,
                        &events);
  EXPECT_EQ(Only(events),
            "{\"@timestamp\":\"1970-01-01T00:00:01.000Z\",\"kind\":\"batch\",\"id\":\"" +
                Id({"batch", "application_1_2", "2", "1000"}) +
                "\",\"environment\":\"pro\",\"appName\":\"ds\",\"appId\":\"application_1_2\","
                "\"attempt\":2,\"deployMode\":\"cluster\",\"running\":true,"
                "\"source\":{\"name\":\"prod\"},\"batch\":{\"time\":1000,\"schedulingDelayMs\":5,"
                "\"processingMs\":70,\"totalDelayMs\":75,\"status\":\"completed\"}}");
}

TEST(YarnDocumentsTest, AReportOnANameWithoutAnApplication) {
  AppReport report;
  report.name = "missing";
  EventBuffer events;
  kDocuments.WriteApp(absl::FromUnixSeconds(60), report, 60, &events);
  EXPECT_EQ(Only(events),
            "{\"@timestamp\":\"1970-01-01T00:01:00.000Z\",\"kind\":\"app\",\"id\":\"" +
                Id({"app", "pro", "missing", "60"}) +
                "\",\"environment\":\"pro\",\"appName\":\"missing\",\"running\":false,"
                "\"source\":{\"name\":\"prod\"},\"app\":{}}");
}

TEST(YarnDocumentsTest, SeveralApplicationsOfANameHaveTheirOwnIds) {
  AppReport report;
  report.name = "twice";
  report.is_running = true;
  report.application = YarnApplication();
  report.application->id = "application_1_0002";
  report.application->diagnostics = "line\n\"two\"";
  report.application->containers = 0;
  EventBuffer events;
  kDocuments.WriteApp(absl::FromUnixSeconds(60), report, 60, &events);
  report.is_first = false;
  kDocuments.WriteApp(absl::FromUnixSeconds(60), report, 60, &events);
  ASSERT_EQ(events.events.size(), 2U);
  EXPECT_NE(events.events[0].id, events.events[1].id);
  const std::string document(events.document(events.events[0]));
  EXPECT_NE(document.find(R"("app":{"diagnostics":"line\n\"two\"","containers":0})"),
            std::string::npos)
      << document;
}

}  // namespace
}  // namespace sparktail
