// The configuration beside the systemd unit.
#include <gtest/gtest.h>

#include "ingest/cli/config_file.h"
#include "sinks/sqlite/sqlite_sink_options.h"
#include "tests/support/corpus.h"
#include "tests/support/fake_surroundings.h"

namespace sparktail {
namespace {

TEST(SystemdExample, IsAConfiguration) {
  PosixOs os;
  const auto configuration = ReadConfigurationFile(
      testing::DataPath("../../deploy/systemd/sparktail.yaml"), testing::MakeSurroundings(&os));
  ASSERT_TRUE(configuration.ok()) << configuration.status();
  EXPECT_EQ(configuration->state_dir, "/var/lib/sparktail");
  EXPECT_EQ(configuration->http, "127.0.0.1:9464");
  ASSERT_EQ(configuration->sources.size(), 1U);
  EXPECT_EQ(configuration->sources[0].name, "spark");
  ASSERT_EQ(configuration->sinks.size(), 2U);
  EXPECT_EQ(configuration->sinks[1].options.Get<SqliteSinkOptions>().retention,
            absl::Hours(30 * 24));
}

}  // namespace
}  // namespace sparktail
