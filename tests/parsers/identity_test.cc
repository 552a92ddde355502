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

TEST(IdentityTest, ALogKeepsItsStreamWhenItIsRotated) {
  struct Case {
    std::string log;
    std::string stream;
  };
  const Case cases[] = {
      {"stderr", "stderr"},
      {"stderr.1", "stderr"},
      {"stderr.12", "stderr"},
      {"stderr.gz", "stderr"},
      {"stderr.1.gz", "stderr"},
      {"stderr.2026-11-21", "stderr"},
      {"stderr.2026-11-21-15.zst", "stderr"},
      {"stderr.20261121_1503.lz4", "stderr"},
      {"spark.log", "spark.log"},
      {"spark.log.1", "spark.log"},
      {"spark-2026-11-21.log", "spark-2026-11-21.log"},
      {"stderr.old", "stderr.old"},
      {"stderr.", "stderr."},
      {"stderr.1a", "stderr.1a"},
      {".1", ".1"},
  };
  for (const Case& c : cases) {
    StreamFacts facts;
    AddFactsFromPath("/logs/application_1_2/container_1_2_01_000001/" + c.log, &facts);
    EXPECT_EQ(facts.stream, "application_1_2/container_1_2_01_000001/" + c.stream);
    EXPECT_EQ(facts.identity.app_id, "application_1_2") << c.log;
  }
}

const std::string kHexId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

TEST(IdentityTest, PathsOfContainersProveThePodAndTheStream) {
  struct Case {
    std::string path;
    std::string container;
  };
  const Case cases[] = {
      {"/var/log/containers/etl-7f-driver_prod_spark-kubernetes-driver-" + kHexId + ".log",
       "spark-kubernetes-driver"},
      {"containers/etl-7f-driver_prod_a-" + kHexId + ".log", "a"},
      {"/host//var/log/containers//etl-7f-driver_prod_a--b-" + kHexId + ".log", "a--b"},
  };
  for (const Case& c : cases) {
    StreamFacts facts;
    facts.identity.app_id = "known";
    AddFactsFromPath(c.path, &facts);
    EXPECT_EQ(facts.kubernetes_namespace, "prod") << c.path;
    EXPECT_EQ(facts.pod, "etl-7f-driver");
    EXPECT_EQ(facts.container, c.container);
    EXPECT_EQ(facts.identity.container_id, kHexId);
    EXPECT_EQ(facts.stream, "prod/etl-7f-driver/" + kHexId);
    EXPECT_EQ(facts.identity.app_id, "known");
    EXPECT_EQ(facts.identity.attempt, "");
  }
}

TEST(IdentityTest, PathsOfPodsProveThePod) {
  for (const std::string log : {"0.log", "12.log", "0.log.20261121-150000", "0.log.x.gz"}) {
    StreamFacts facts;
    AddFactsFromPath(
        "/var/log/pods/prod_etl-7f-driver_1f2e3d4c-0000-1111-2222-333344445555/driver/" + log,
        &facts);
    EXPECT_EQ(facts.kubernetes_namespace, "prod") << log;
    EXPECT_EQ(facts.pod, "etl-7f-driver");
    EXPECT_EQ(facts.container, "driver");
    EXPECT_EQ(facts.identity.container_id, "");
    EXPECT_EQ(facts.stream, "");
  }
}

TEST(IdentityTest, OtherPathsProveNoPod) {
  for (const std::string& path :
       {"/var/log/pod_ns_c-" + kHexId + ".log",
        "/containers/pod_ns_c-" + kHexId + ".log.1",
        "/containers/pod_ns_c-" + kHexId.substr(1) + ".log",
        "/containers/pod_ns_c-" + kHexId.substr(1) + "G.log",
        "/containers/pod_ns_c" + kHexId + ".log",
        "/containers/pod_ns_-" + kHexId + ".log",
        "/containers/pod_ns-" + kHexId + ".log",
        "/containers/_ns_c-" + kHexId + ".log",
        "/containers/pod__c-" + kHexId + ".log",
        "/containers/a_pod_ns_c-" + kHexId + ".log",
        "/containers/" + kHexId + ".log",
        "/var/lib/docker/containers/" + kHexId + "/" + kHexId + "-json.log",
        std::string("/pods/ns_pod_uid/c/log"),
        std::string("/pods/ns_pod_uid/c/.log"),
        std::string("/pods/ns_pod_uid/c/0.logs"),
        std::string("/pods/ns_pod_uid/c/0.txt"),
        std::string("/pods/ns_pod_uid/0.log"),
        std::string("/pods/ns_pod/c/0.log"),
        std::string("/pods/ns__uid/c/0.log"),
        std::string("/pods/ns_pod_/c/0.log"),
        std::string("/pods/_pod_uid/c/0.log"),
        std::string("/pods/a_b_c_d/c/0.log"),
        std::string("/pod/ns_pod_uid/c/0.log")}) {
    StreamFacts facts;
    AddFactsFromPath(path, &facts);
    EXPECT_EQ(facts.kubernetes_namespace, "") << path;
    EXPECT_EQ(facts.pod, "") << path;
    EXPECT_EQ(facts.container, "") << path;
    EXPECT_EQ(facts.identity.container_id, "") << path;
    EXPECT_EQ(facts.stream, "") << path;
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
