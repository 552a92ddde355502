#include "sinks/sqlite/sqlite_sink_options.h"

#include <gtest/gtest.h>

#include "tests/support/option_defaults.h"

namespace sparktail {
namespace {

using testing::OptionNamed;

TEST(SqliteSinkOptionsTest, DefaultsAreThoseOfTheStruct) {
  testing::ExpectDefaultsOf(SqliteSinkOptionTable());
}

TEST(SqliteSinkOptionsTest, RetentionIsAnHourAtLeast) {
  SqliteSinkOptions options;
  const Option<SqliteSinkOptions> retention = OptionNamed(SqliteSinkOptionTable(), "retention");
  EXPECT_TRUE(retention.Set("30d", &options).ok());
  EXPECT_EQ(options.retention, absl::Hours(24 * 30));
  EXPECT_TRUE(retention.Set("forever", &options).ok());
  EXPECT_EQ(options.retention, absl::InfiniteDuration());
  EXPECT_FALSE(retention.Set("1m", &options).ok());
}

}  // namespace
}  // namespace sparktail
