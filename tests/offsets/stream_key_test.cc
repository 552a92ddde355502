#include "offsets/stream_key.h"

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>

namespace sparktail {
namespace {

TEST(StreamKeyTest, IsASourceAndANameOfItsOwn) {
  const StreamKey key("logs", "app/stderr");
  EXPECT_EQ(key.text(), "logs/app/stderr");
  EXPECT_EQ(key.source(), "logs");
  EXPECT_EQ(key.name(), "app/stderr");
  EXPECT_EQ(key, StreamKey("logs/app/stderr"));
}

TEST(StreamKeyTest, AcceptsAnyTextOfAStore) {
  for (const char* text : {"", "logs", "logs/", "/", "/app", "logs//app"}) {
    const StreamKey key{std::string_view(text)};
    EXPECT_EQ(key.text(), text);
    const std::string whole = std::string(key.source()).append("/").append(key.name());
    EXPECT_TRUE(whole == text || whole == std::string(text) + "/") << whole;
  }
  EXPECT_EQ(StreamKey("logs").source(), "logs");
  EXPECT_EQ(StreamKey("logs").name(), "");
  EXPECT_EQ(StreamKey("/app").source(), "");
}

TEST(StreamKeyTest, ASourceIsNotThePrefixOfAnother) {
  EXPECT_NE(StreamKey("logs2/app").source(), StreamKey("logs/app").source());
  const std::unordered_set<StreamKey> keys = {StreamKey("a/b"), StreamKey("a", "b"), StreamKey()};
  EXPECT_EQ(keys.size(), 2U);
}

TEST(StreamKeyTest, ViewsFollowACopy) {
  StreamKey copy;
  {
    const StreamKey key("s", "n");
    copy = key;
  }
  EXPECT_EQ(copy.source(), "s");
  EXPECT_EQ(copy.name(), "n");
}

}  // namespace
}  // namespace sparktail
