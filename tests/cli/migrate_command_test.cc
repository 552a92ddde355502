#include "ingest/cli/migrate_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "ingest/cli/config_file.h"
#include "sinks/opensearch/opensearch_options.h"
#include "tests/support/fake_surroundings.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;

constexpr char kIni[] =
    "[ENVS]\n"
    "yarn = PRO\n"
    "elastic = pro\n"
    "\n"
    "[APPS]\n"
    "names = [\n"
    "        \"application1Cep\",\n"
    "        \"orange.bigdata.application1.Boot\"\n"
    "        ]\n"
    "window = 30\n"
    "; a comment\n"
    "[LOGGING]\n"
    "level = INFO\n"
    "[ERRORS]\n"
    "max_sleep_time = 10\n"
    "min_sleep_time = 5\n"
    "max_errors_threshold = 10\n"
    "min_errors_threshold = 5\n"
    "colour = blue\n";

TEST(MigrateCommandTest, TheOptionsOfASparkMonitorAreConverted) {
  const auto yaml = MigrateConfig(kIni, {"http://rm1:8088"});
  ASSERT_TRUE(yaml.ok()) << yaml.status();
  EXPECT_EQ(*yaml,
            "# Created from a config.ini of spark-monitor by sparktail migrate-config.\n"
            "environment: \"pro\"\n"
            "log:\n"
            "  level: info\n"
            "sources:\n"
            "  - kind: yarn\n"
            "    name: \"pro\"\n"
            "    resource_managers: [\"http://rm1:8088\"]\n"
            "    applications: [\"application1Cep\", \"orange.bigdata.application1.Boot\"]\n"
            "    poll_interval: 30s\n"
            "    error_min_sleep: 5s\n"
            "    error_max_sleep: 10s\n"
            "    error_min_count: 5\n"
            "    error_max_count: 10\n"
            "sinks:\n"
            "  - kind: elasticsearch\n"
            "    # spark-monitor had the nodes of \"pro\" in its settings.py: give them here.\n"
            "    urls: [\"http://elasticsearch:9200\"]\n"
            "    index: \"monitor-yarn-{environment}-%Y%m%d\"\n"
            "# line 19, ERRORS.colour: sparktail has no such option\n");
}

TEST(MigrateCommandTest, TheStrictReaderTakesWhatItWrites) {
  PosixOs os;
  const Surroundings surroundings = testing::MakeSurroundings(&os, {});
  const std::string with_search = *MigrateConfig(kIni, {});
  const auto read = ReadConfiguration(with_search, "sparktail.yaml", surroundings);
  ASSERT_TRUE(read.ok()) << read.status() << "\n" << with_search;
  ASSERT_EQ(read->sinks.size(), 1U);
  EXPECT_EQ(read->sinks[0].options.Get<OpenSearchOptions>().index,
            "monitor-yarn-{environment}-%Y%m%d");
  const std::string without = *MigrateConfig("[APPS]\nnames = [\"a\"]\n", {});
  EXPECT_TRUE(ReadConfiguration(without, "sparktail.yaml", surroundings).ok()) << without;
}

TEST(MigrateCommandTest, WithoutResourceManagersItSaysWhereTheyWere) {
  EXPECT_THAT(*MigrateConfig("[APPS]\nnames = [\"a\"]\n", {}), HasSubstr("settings.py"));
}

TEST(MigrateCommandTest, MistakesAreNamedWithTheirLine) {
  EXPECT_EQ(MigrateConfig("nonsense\n", {}).status().message(),
            "line 1: this is neither a section nor key = value");
  EXPECT_EQ(MigrateConfig("[APPS]\nnames = a, b\n", {}).status().message(),
            "line 2: APPS.names: give a list such as [\"a\", \"b\"]");
  EXPECT_EQ(MigrateConfig("[APPS]\nnames = [1]\n", {}).status().message(),
            "line 2: APPS.names: each name must be a string");
  EXPECT_EQ(MigrateConfig("[APPS]\nwindow = soon\n", {}).status().message(),
            "line 2: APPS.window: give a number");
  EXPECT_FALSE(MigrateConfig("[APPS\n", {}).ok());
}

}  // namespace
}  // namespace sparktail
