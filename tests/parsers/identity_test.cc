#include "parsers/identity.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sparktail {
namespace {

constexpr std::string_view kContainer = "container_e12_1700000000000_0042_01_000001";

TEST(IdentityTest, ContainerIdsGiveApplicationAndAttempt) {
  struct Case {
    std::string_view text;
    std::string_view app_id;
    std::string_view attempt;
  };
  static constexpr Case kCases[] = {
      {kContainer, "application_1700000000000_0042", "1"},
      {"container_1537441422662_18819_02_000001", "application_1537441422662_18819", "2"},
      {"container_e1_1_2_3_4", "application_1_2", "3"},
      {"container_1_0002_10_000100", "application_1_0002", "10"},
      {"container_1_2_00_1", "application_1_2", "0"},
  };
  for (const Case& c : kCases) {
    const std::optional<ContainerParts> parts = ParseContainerId(c.text);
    ASSERT_TRUE(parts) << c.text;
    EXPECT_EQ(parts->app_id, c.app_id) << c.text;
    EXPECT_EQ(parts->attempt, c.attempt) << c.text;
  }
}

TEST(IdentityTest, OtherTextIsNoContainerId) {
  for (const std::string_view text :
       {"", "container_", "container_1_2_3", "container_1_2_3_4_5", "container_e_1_2_3_4",
        "container_e12_1_2_3", "container_x1_1_2_3_4", "container_1_2_3_", "container_1__3_4",
        "container_1_2_3_4x", "container_1_2_3_-4", " container_1_2_3_4", "container_1_2_3_4/",
        "Container_1_2_3_4", "container_111111111111111111111_2_3_4"}) {
    EXPECT_FALSE(ParseContainerId(text)) << text;
  }
}

TEST(IdentityTest, FindsTheContainerInAPrefix) {
  EXPECT_EQ(FindContainerId("[container_e12_1700000000000_0042_01_000001] "), kContainer);
  EXPECT_EQ(FindContainerId("[123] [container_e12_1700000000000_0042_01_000001] "), kContainer);
  EXPECT_EQ(FindContainerId("[container_x] [container_1_2_3_4] "), "container_1_2_3_4");
  for (const std::string_view prefix :
       {"", "[123] ", "user says container_1_2_3_4 ", "[container_] ", "[container_1_2_3] ",
        "[container_1_2_3_4_five] "}) {
    EXPECT_EQ(FindContainerId(prefix), "") << prefix;
  }
}

TEST(IdentityTest, KnowsTheFormsOfApplicationIds) {
  struct Case {
    std::string_view text;
    std::string_view app_id;
  };
  static constexpr Case kCases[] = {
      {"application_1537441422662_18819", "application_1537441422662_18819"},
      {"application_1537441422662_18819 and more", "application_1537441422662_18819"},
      {"application_1_2_1.lz4", "application_1_2"},
      {"local-1795275205705.inprogress", "local-1795275205705"},
      {"local-1", "local-1"},
      {"app-20261121153342-0007", "app-20261121153342-0007"},
      {"spark-0123456789abcdef0123456789abcdef", "spark-0123456789abcdef0123456789abcdef"},
      {"spark-0123456789abcdef0123456789abcdef.x", "spark-0123456789abcdef0123456789abcdef"},
      {"", ""},
      {"application_", ""},
      {"application_1", ""},
      {"application_1_", ""},
      {"application_x_1", ""},
      {"application-1-2", ""},
      {"xapplication_1_2", ""},
      {"local-", ""},
      {"local-x", ""},
      {"local1", ""},
      {"app-20261121153342", ""},
      {"app-x-1", ""},
      {"spark-0123456789abcdef0123456789abcde", ""},
      {"spark-0123456789abcdef0123456789abcdef0", ""},
      {"spark-0123456789ABCDEF0123456789ABCDEF", ""},
      {"spark-pi", ""},
  };
  for (const Case& c : kCases) EXPECT_EQ(LeadingAppId(c.text), c.app_id) << c.text;
}

TEST(IdentityTest, EventLogsAreNamedByTheirApplication) {
  struct Case {
    std::string_view path;
    std::string_view app_id;
  };
  static constexpr Case kCases[] = {
      {"file:/opt/streams/eventlog/basic.default/local-1795277290193.inprogress",
       "local-1795277290193"},
      {"hdfs://nn:8020/spark-logs/application_1_2_1.lz4.inprogress", "application_1_2"},
      {"hdfs://nn:8020/spark-logs/application_1537441422662_18819",
       "application_1537441422662_18819"},
      {"s3a://logs/eventlog_v2_local-1/events_1_local-1", "local-1"},
      {"/logs/eventlog_v2_application_1_2_1/events_1_application_1_2_1.zstd", "application_1_2"},
      {"local-1", "local-1"},
      {"", ""},
      {"/", ""},
      {"/logs/local-1/", ""},
      {"/application_1_2/other", ""},
      {"/logs/my-own-name", ""},
  };
  for (const Case& c : kCases) EXPECT_EQ(AppIdOfEventLog(c.path), c.app_id) << c.path;
}

TEST(IdentityTest, YarnPathsProveApplicationContainerAndStream) {
  for (const std::string folder : {"/data/yarn/logs/", "logs/", "./", ""}) {
    StreamFacts facts;
    AddFactsFromPath(
        folder + "application_1700000000000_0042/container_e12_1700000000000_0042_01_000001/stderr",
        &facts);
    EXPECT_EQ(facts.identity.app_id, "application_1700000000000_0042");
    EXPECT_EQ(facts.identity.attempt, "1");
    EXPECT_EQ(facts.identity.container_id, kContainer);
    EXPECT_EQ(facts.stream,
              "application_1700000000000_0042/container_e12_1700000000000_0042_01_000001/stderr");
    EXPECT_EQ(facts.identity.app_name, "");
    EXPECT_EQ(facts.identity.deploy_mode, "");
    EXPECT_EQ(facts.environment, "default");
  }
}

TEST(IdentityTest, OtherPathsLeaveTheFactsAlone) {
  for (const std::string_view path :
       {"", "stderr", "/", "///", "/logs/driver.log", "container_1_2_3_4/stderr",
        "/logs/application_1_3/container_1_2_3_4/stderr", "/logs/x/container_1_2_3_4/stderr",
        "/logs/application_1_2x/container_1_2_3_4/stderr", "/logs/application_1_2/stderr",
        "/logs/application_1_2/container_1_2_3_4/sub/stderr",
        "/logs/application_1_2/container_1_2_3/stderr"}) {
    StreamFacts facts;
    facts.identity.app_id = "known";
    AddFactsFromPath(path, &facts);
    EXPECT_EQ(facts.identity.app_id, "known") << path;
    EXPECT_EQ(facts.identity.container_id, "") << path;
    EXPECT_EQ(facts.stream, "") << path;
  }
}

}  // namespace
}  // namespace sparktail
