#include "sinks/file/file_sink_options.h"

#include <gtest/gtest.h>

#include "tests/support/option_defaults.h"

namespace sparktail {
namespace {

using testing::OptionNamed;

TEST(FileSinkOptionsTest, DefaultsAreThoseOfTheStruct) {
  testing::ExpectDefaultsOf(FileSinkOptionTable());
}

TEST(FileSinkOptionsTest, WordsStandForNoRotation) {
  FileSinkOptions options;
  const auto set = [&](const std::string& name, const char* text) {
    return OptionNamed(FileSinkOptionTable(), name).Set(text, &options).ok();
  };
  EXPECT_TRUE(set("rotate_bytes", "1MiB") && set("rotate_age", "1h") && set("keep_files", "3"));
  EXPECT_EQ(options.rotate_bytes, uint64_t{1} << 20);
  EXPECT_TRUE(set("rotate_bytes", "never") && set("rotate_age", "never") &&
              set("keep_files", "all"));
  EXPECT_EQ(options.rotate_bytes, 0U);
  EXPECT_EQ(options.rotate_age, absl::InfiniteDuration());
  EXPECT_EQ(options.keep_files, 0U);
  EXPECT_FALSE(set("rotate_bytes", "100") || set("keep_files", "0"));
}

}  // namespace
}  // namespace sparktail
