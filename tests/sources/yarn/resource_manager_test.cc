#include "ingest/sources/yarn/resource_manager.h"

#include <gtest/gtest.h>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

using ::sparktail::testing::DataPath;
using ::sparktail::testing::ReadFile;

std::string Recorded(const std::string& name) {
  return ReadFile(DataPath("yarn/" + name + ".body"));
}

TEST(ResourceManagerTest, TheActiveOneSaysSo) {
  const auto active = ParseClusterInfo(Recorded("rm1-info"));
  ASSERT_TRUE(active.ok());
  EXPECT_TRUE(active->is_active);
  EXPECT_EQ(active->version, "3.3.6");
  EXPECT_FALSE(ParseClusterInfo(Recorded("rm2-info-standby"))->is_active);
  EXPECT_FALSE(ParseClusterInfo(Recorded("rm2-apps-standby")).ok());
  EXPECT_FALSE(ParseClusterInfo("").ok());
}

// The recorded answer has keys twice, in resourceSecondsMap.
TEST(ResourceManagerTest, ApplicationsAreRead) {
  const auto apps = ParseApplications(Recorded("rm1-apps"));
  ASSERT_TRUE(apps.ok());
  ASSERT_EQ(apps->size(), 1U);
  const YarnApplication& app = apps->front();
  EXPECT_EQ(app.id, "application_1795275091581_0001");
  EXPECT_EQ(app.name, "sss1");
  EXPECT_EQ(app.user, "root");
  EXPECT_EQ(app.queue, "default");
  EXPECT_EQ(app.state, "RUNNING");
  EXPECT_EQ(app.final_status, "UNDEFINED");
  EXPECT_EQ(app.containers, 2);
  EXPECT_EQ(app.memory_mb, 1536);
  EXPECT_EQ(app.vcores, 2);
  EXPECT_EQ(app.node_id, "localhost:18041");
  EXPECT_FALSE(app.has_ended());
  ASSERT_TRUE(app.am_logs);
  EXPECT_EQ(app.am_logs->container, "container_1795275091581_0001_01_000001");
}

TEST(ResourceManagerTest, NoApplicationsAreNoError) {
  EXPECT_TRUE(ParseApplications(Recorded("rm1-apps-none"))->empty());
  EXPECT_TRUE(ParseApplications(R"({"apps":null})")->empty());
  EXPECT_TRUE(ParseApplications(R"({"apps":{"app":[]}})")->empty());
  EXPECT_FALSE(ParseApplications(R"({"app":1})").ok());
  EXPECT_FALSE(ParseApplications("<html></html>").ok());
}

TEST(ResourceManagerTest, OneApplicationNeedsNoList) {
  EXPECT_EQ(ParseApplications(R"({"apps":{"app":{"id":"application_1_2"}}})")->size(), 1U);
}

TEST(ResourceManagerTest, ContainersAfterAFailOverHaveAnEpoch) {
  const auto apps = ParseApplications(Recorded("rm2-apps-epoch"));
  ASSERT_TRUE(apps.ok());
  bool has_epoch = false;
  for (const YarnApplication& app : *apps) {
    has_epoch |= app.am_logs && app.am_logs->container.starts_with("container_e01_");
  }
  EXPECT_TRUE(has_epoch);
}

TEST(ResourceManagerTest, BetweenAttemptsThereAreNoLogs) {
  const auto apps = ParseApplications(
      R"({"apps":{"app":[{"id":"application_1_2","state":"ACCEPTED","masterNodeId":""}]}})");
  EXPECT_FALSE(apps->front().am_logs);
  EXPECT_EQ(apps->front().strange_logs, "");
  EXPECT_FALSE(apps->front().has_ended());
}

TEST(ResourceManagerTest, AMalformedIdIsNotAnApplication) {
  EXPECT_TRUE(ParseApplications(R"({"apps":{"app":[{"id":"../x"},{"id":7},{},1]}})")->empty());
  EXPECT_FALSE(ParseApplication(R"({"app":{"id":"../x"}})").ok());
  const auto apps = ParseApplications(
      R"({"apps":{"app":[{"id":"application_1_2","amContainerLogs":"http://x/../etc"}]}})");
  EXPECT_FALSE(apps->front().am_logs);
  EXPECT_EQ(apps->front().strange_logs, "http://x/../etc");
}

TEST(ResourceManagerTest, AnApplicationThatHasEnded) {
  const auto app = ParseApplication(Recorded("fin-rm-app"));
  ASSERT_TRUE(app.ok());
  EXPECT_TRUE(app->has_ended());
  EXPECT_EQ(app->containers, std::nullopt);
  EXPECT_EQ(app->memory_mb, std::nullopt);
  EXPECT_TRUE(app->am_logs);
  EXPECT_FALSE(ParseApplication(Recorded("rm1-app-404")).ok());
}

TEST(ResourceManagerTest, AttemptsHaveTheirLogs) {
  const auto attempts = ParseAttempts(Recorded("rm1-appattempts"));
  ASSERT_TRUE(attempts.ok());
  ASSERT_EQ(attempts->size(), 1U);
  EXPECT_EQ(attempts->front().node_id, "localhost:18041");
  EXPECT_EQ(attempts->front().am_logs->container, "container_1795275091581_0001_01_000001");
  EXPECT_TRUE(ParseAttempts(R"({"appAttempts":{"appAttempt":[{"id":2,"logsLink":""}]}})")
                  ->front()
                  .am_logs == std::nullopt);
}

TEST(ResourceManagerTest, ExceptionsSayWhatTheyAre) {
  EXPECT_EQ(RemoteExceptionIn(Recorded("rm1-app-404")),
            "java.lang.Exception: app with id: application_1795275091581_9999 not found");
  EXPECT_EQ(RemoteExceptionIn(Recorded("rm1-info")), "");
  EXPECT_EQ(RemoteExceptionIn("no JSON"), "");
}

}  // namespace
}  // namespace sparktail
