#include "ingest/sources/yarn/yarn_names.h"

#include <gtest/gtest.h>

namespace sparktail {
namespace {

TEST(YarnNamesTest, IdsAreThoseOfYarn) {
  EXPECT_TRUE(IsApplicationId("application_1537441422662_18819"));
  EXPECT_TRUE(IsContainerId("container_1795275091581_0002_01_000001"));
  EXPECT_TRUE(IsContainerId("container_e01_1795276176708_0001_01_000001"));
  for (const char* wrong : {"", "application_1", "application_1_2/../..", "application_1_2?x",
                            "application_1_2\n", "application_a_2", "container_1_2_3_4"}) {
    EXPECT_FALSE(IsApplicationId(wrong)) << wrong;
  }
  for (const char* wrong : {"", "foo", "container_1_2", "container_1_2_3_4/..",
                            "container_e_1_2_3_4", "container_1_2_3_4%2F", "application_1_2"}) {
    EXPECT_FALSE(IsContainerId(wrong)) << wrong;
  }
}

TEST(YarnNamesTest, NothingLeavesItsPlaceInAPath) {
  EXPECT_TRUE(IsFileName("stderr"));
  EXPECT_TRUE(IsFileName("etl@EXAMPLE.COM"));
  for (const char* wrong : {"", ".", "..", "../x", "a/b", "a?b", "a%2Fb", "a b", "a#b"}) {
    EXPECT_FALSE(IsFileName(wrong)) << wrong;
  }
  EXPECT_TRUE(IsHostAndPort("worker1.example:8042"));
  EXPECT_TRUE(IsHostAndPort("[::1]:8042"));
  for (const char* wrong : {"", "worker1", "worker1:", ":8042", "user@worker1:8042", "a:80/x",
                            "_worker1_:8042", "[zz]:8042"}) {
    EXPECT_FALSE(IsHostAndPort(wrong)) << wrong;
  }
  EXPECT_TRUE(IsServerUrl("http://rm1:8088"));
  EXPECT_TRUE(IsServerUrl("https://knox.example/gateway/default/yarn"));
  for (const char* wrong : {"rm1:8088", "ftp://rm1", "http://user:secret@rm1:8088",
                            "http://rm1?x=1", "http://rm1/#x", "http://"}) {
    EXPECT_FALSE(IsServerUrl(wrong)) << wrong;
  }
}

TEST(YarnNamesTest, AnAddressOfLogsIsTakenApart) {
  const auto address = ParseContainerAddress(
      "http://worker1:8042/node/containerlogs/container_e01_1795276176708_0001_01_000001/root");
  ASSERT_TRUE(address);
  EXPECT_FALSE(address->is_https);
  EXPECT_EQ(address->node, "worker1:8042");
  EXPECT_EQ(address->container, "container_e01_1795276176708_0001_01_000001");
  EXPECT_EQ(address->user, "root");
  EXPECT_TRUE(
      ParseContainerAddress("https://worker1:8044/node/containerlogs/container_1_2_03_000004/etl/")
          ->is_https);
  for (const char* wrong :
       {"", "http://worker1:8042", "http://worker1:8042/node/containerlogs/container_1_2_3_4",
        "http://worker1:8042/node/containerlogs/foo/root",
        "http://worker1:8042/node/containerlogs/container_1_2_3_4/../root",
        "http://x@worker1:8042/node/containerlogs/container_1_2_3_4/root",
        "file:///node/containerlogs/container_1_2_3_4/root"}) {
    EXPECT_FALSE(ParseContainerAddress(wrong)) << wrong;
  }
}

TEST(YarnNamesTest, AddressesAreMadeOfTheParts) {
  EXPECT_EQ(ClusterInfoUrl("http://rm1:8088"), "http://rm1:8088/ws/v1/cluster/info");
  EXPECT_EQ(ApplicationsUrl("http://rm1:8088"),
            "http://rm1:8088/ws/v1/cluster/apps?states=ACCEPTED,RUNNING&applicationTypes=spark");
  EXPECT_EQ(EndedApplicationsUrl("http://rm1:8088", absl::FromUnixMillis(1500)),
            "http://rm1:8088/ws/v1/cluster/apps?states=FINISHED,FAILED,KILLED"
            "&applicationTypes=spark&finishedTimeBegin=1500");
  EXPECT_EQ(AttemptsUrl("http://rm1:8088", "application_1_2"),
            "http://rm1:8088/ws/v1/cluster/apps/application_1_2/appattempts");
  EXPECT_EQ(DriverUrl("http://rm1:8088", "application_1_2", "jobs"),
            "http://rm1:8088/proxy/application_1_2/api/v1/applications/application_1_2/jobs");
  LogName log{{false, "worker1:8042", "container_1_2_03_000004", "root"}, "worker1:8041", "stderr"};
  const std::string node = NodeUrl(log.address, "");
  EXPECT_EQ(
      LogTextUrl(node, log, 100),
      "http://worker1:8042/ws/v1/node/containerlogs/container_1_2_03_000004/stderr?size=-100");
  EXPECT_EQ(LogTextUrl(node, log, 0),
            "http://worker1:8042/ws/v1/node/containerlogs/container_1_2_03_000004/stderr?size=0");
  EXPECT_EQ(LogPageUrl(node, log, 7, 10),
            "http://worker1:8042/node/containerlogs/container_1_2_03_000004/root/stderr/"
            "?start=7&end=17");
  EXPECT_EQ(HistoryTextUrl("http://history:19888", log, 5),
            "http://history:19888/ws/v1/history/containerlogs/container_1_2_03_000004/stderr"
            "?size=-5");
  EXPECT_EQ(HistoryPageUrl("http://history:19888", log, 0, 9),
            "http://history:19888/jobhistory/logs/worker1:8041/container_1_2_03_000004/"
            "container_1_2_03_000004/root/stderr/?start=0&end=9");
  log.address.is_https = true;
  EXPECT_EQ(NodeUrl(log.address, "/gateway/yarn"), "https://worker1:8042/gateway/yarn");
}

}  // namespace
}  // namespace sparktail
