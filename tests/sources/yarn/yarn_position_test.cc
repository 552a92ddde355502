#include "ingest/sources/yarn/yarn_position.h"

#include <gtest/gtest.h>

#include "tests/support/stream_keys.h"

namespace sparktail {
namespace {

YarnLog Log() {
  YarnLog log;
  log.origin = {"application_1_0002", "etl \"a\"", "root", "cluster", "1", 1500};
  log.name = {
      {true, "worker1:8042", "container_e01_1_0002_01_000001", "root"}, "worker1:8041", "stderr"};
  return log;
}

TEST(YarnPositionTest, ComesBackAsItWas) {
  const YarnPosition position{Log(), true};
  const auto back = YarnPosition::FromJson(position.ToJson());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->log, position.log);
  EXPECT_TRUE(back->is_inexact);
  YarnLog least = Log();
  least.origin = {"application_1_0002", "", "", "", "", INT64_MIN};
  least.name.node_id.clear();
  EXPECT_EQ(YarnPosition::FromJson((YarnPosition{least, false}).ToJson())->log, least);
}

// They become parts of addresses.
TEST(YarnPositionTest, NamesThatAreNoneAreRefused) {
  for (const char* json : {"", "{}", "[]", "{\"application\":\"application_1_0002\"}"}) {
    EXPECT_FALSE(YarnPosition::FromJson(json)) << json;
  }
  YarnPosition position{Log(), false};
  position.log.name.address.container = "../x";
  EXPECT_FALSE(YarnPosition::FromJson(position.ToJson()));
  position.log = Log();
  position.log.name.address.node = "evil/:80";
  EXPECT_FALSE(YarnPosition::FromJson(position.ToJson()));
  position.log = Log();
  position.log.name.node_id = "x?y";
  EXPECT_FALSE(YarnPosition::FromJson(position.ToJson()));
}

TEST(YarnPositionTest, KeysOfStreams) {
  EXPECT_EQ(YarnStreamKey("prod", Log()),
            "prod/application_1_0002/container_e01_1_0002_01_000001/stderr");
  YarnOrigin origin = Log().origin;
  EXPECT_EQ(YarnDriverKey("prod", origin, "batches"), "prod/application_1_0002/batches/1");
  origin.attempt.clear();
  EXPECT_EQ(YarnDriverKey("prod", origin, "jobs"), "prod/application_1_0002/jobs");
  EXPECT_EQ(YarnReportsKey("prod"), "prod/applications");
}

}  // namespace
}  // namespace sparktail
