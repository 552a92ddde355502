#include "ingest/streams/start_at.h"

#include <gtest/gtest.h>

namespace sparktail {
namespace {

struct Options {
  StartAt start_at;
};

TEST(StartAtTest, IsAWordOrADuration) {
  const Option<Options> option = DeclareStartAt(&Options::start_at);
  for (const char* text : {"beginning", "end", "1h", "30d"}) {
    Options options;
    ASSERT_TRUE(option.Set(text, &options).ok()) << text;
    EXPECT_EQ(option.Text(options), text);
  }
  Options options;
  EXPECT_FALSE(option.Set("0s", &options).ok());
  EXPECT_FALSE(option.Set("now", &options).ok());
  ASSERT_TRUE(option.Set("1h", &options).ok());
  EXPECT_EQ(options.start_at.kind, StartAt::Kind::kAge);
  EXPECT_EQ(options.start_at.age, absl::Hours(1));
}

}  // namespace
}  // namespace sparktail
