#include "ingest/web/status_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sparktail {
namespace {

using ::testing::HasSubstr;

PipelineStatus Ready() {
  PipelineStatus status;
  status.ready = true;
  return status;
}

TEST(StatusPages, HealthIsThatOfTheReaderLoop) {
  PipelineStatus status;
  EXPECT_EQ(StatusPage("/healthz", status, "1", {}).status, 200);
  EXPECT_EQ(StatusPage("/healthz", status, "1", {}).body, "healthy\n");
  status.healthy = false;
  EXPECT_EQ(StatusPage("/healthz", status, "1", {}).status, 503);
}

TEST(StatusPages, ReadinessSaysWhyNot) {
  EXPECT_EQ(StatusPage("/readyz", Ready(), "1", {}).status, 200);
  EXPECT_EQ(StatusPage("/readyz", Ready(), "1", {}).body, "ready\n");
  PipelineStatus status;
  status.not_ready = "sink history: \x1b[31mdamaged";
  const HttpPage answer = StatusPage("/readyz", status, "1", {});
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "not ready: sink history: ?[31mdamaged\n");
}

TEST(StatusPages, APausedSinkIsReadyAndTellsWhy) {
  PipelineStatus status = Ready();
  status.sinks.resize(2);
  status.sinks[1].name = "history";
  status.sinks[1].state = SinkStatus::State::kPaused;
  status.sinks[1].why = "No space left on device";
  const HttpPage answer = StatusPage("/readyz", status, "1", {});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "ready\nsink history is paused: No space left on device\n");
}

TEST(StatusPages, MetricsAreInPrometheusFormat) {
  const HttpPage answer = StatusPage("/metrics", Ready(), "1.2", {});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(answer.body, HasSubstr("sparktail_build_info{version=\"1.2\"} 1\n"));
}

TEST(StatusPages, TheIndexNamesThemAll) {
  const HttpPage answer = StatusPage("/", Ready(), "1.2", {});
  EXPECT_EQ(answer.status, 200);
  for (const char* page : {"/metrics", "/healthz", "/readyz", "1.2"}) {
    EXPECT_THAT(answer.body, HasSubstr(page));
  }
}

TEST(StatusPages, ThereIsNothingElse) {
  for (const char* path : {"", "/x", "/metrics/", "//metrics", "/METRICS", "/metrics%20"}) {
    EXPECT_EQ(StatusPage(path, Ready(), "1", {}).status, 404) << path;
  }
}

}  // namespace
}  // namespace sparktail
