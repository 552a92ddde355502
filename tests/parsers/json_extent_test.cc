#include "parsers/json_extent.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sparktail {
namespace {

// Returns the end of the object at the beginning of `text`, or npos.
size_t WholeExtent(std::string_view text) {
  JsonExtent extent;
  return extent.Feed(text) ? extent.size() : std::string_view::npos;
}

struct Case {
  std::string_view json;
  std::string_view rest;
};

constexpr Case kCases[] = {
    {"{}", ""},
    {"{}", "}"},
    {"{}", "{}"},
    {"{ \"a\" : { \"b\" : [ {}, {} ] } }", "\n26/11/21 15:34:03 INFO A: {"},
    {R"({"a":"}"})", "}"},
    {R"({"a":"{"})", ""},
    {R"({"a{":1})", "x"},
    {R"({"a":"\"}"})", "}"},
    {R"({"a":"\\"})", "}"},
    {R"({"a":"\\\"}"})", "}"},
    {R"({"a":"\u007d"})", "\""},
    {"{\"a\":\"\n}\"}", "\n"},
    {"{\"a\":\"запит ✓\"}", "✓"},
    {"{\"\xff\xfe}\":\"\xff\"}", "\xff"},
    {"{not json at all}", "}"},
};

TEST(JsonExtentTest, EndsAtTheBraceThatClosesTheFirst) {
  for (const Case& c : kCases) {
    EXPECT_EQ(WholeExtent(std::string(c.json) + std::string(c.rest)), c.json.size()) << c.json;
  }
}

TEST(JsonExtentTest, HasNoEndBeforeTheBraceIsThere) {
  for (const Case& c : kCases) {
    JsonExtent extent;
    EXPECT_FALSE(extent.Feed(c.json.substr(0, c.json.size() - 1))) << c.json;
    EXPECT_EQ(extent.size(), c.json.size() - 1) << c.json;
    EXPECT_TRUE(extent.Feed("}")) << c.json;
  }
}

TEST(JsonExtentTest, AnEmptyPieceChangesNothing) {
  JsonExtent extent;
  EXPECT_FALSE(extent.Feed(""));
  EXPECT_EQ(extent.size(), 0U);
  EXPECT_FALSE(extent.Feed("{"));
  EXPECT_FALSE(extent.Feed(""));
  EXPECT_TRUE(extent.Feed("}"));
  EXPECT_EQ(extent.size(), 2U);
}

TEST(JsonExtentTest, EverySplitInTwoEqualsTheWhole) {
  for (const Case& c : kCases) {
    for (size_t at = 0; at < c.json.size(); ++at) {
      JsonExtent extent;
      EXPECT_FALSE(extent.Feed(c.json.substr(0, at)));
      EXPECT_TRUE(extent.Feed(std::string(c.json.substr(at)) + std::string(c.rest)));
      EXPECT_EQ(extent.size(), c.json.size()) << c.json << " at " << at;
    }
  }
}

TEST(JsonExtentTest, RandomPiecesOfRandomBytesEqualTheWhole) {
  std::mt19937 random(20261121);
  static constexpr std::string_view kBytes = "{}{}\"\"\\\\ab\n[";
  for (int round = 0; round < 5000; ++round) {
    std::string text = "{";
    const size_t size = random() % 60;
    while (text.size() < size) text += kBytes[random() % kBytes.size()];
    const size_t whole = WholeExtent(text);
    JsonExtent extent;
    bool found = false;
    for (size_t at = 0; at < text.size() && !found;) {
      const size_t piece = random() % 7;
      found = extent.Feed(std::string_view(text).substr(at, piece));
      at += piece;
    }
    EXPECT_EQ(found ? extent.size() : std::string_view::npos, whole) << text;
  }
}

TEST(JsonExtentTest, FollowsAnyDepth) {
  constexpr size_t kDepth = 1'000'000;
  std::string text;
  for (size_t i = 0; i < kDepth; ++i) text += '{';
  JsonExtent extent;
  EXPECT_FALSE(extent.Feed(text));
  EXPECT_FALSE(extent.Feed(std::string(kDepth - 1, '}')));
  EXPECT_TRUE(extent.Feed("}}}"));
  EXPECT_EQ(extent.size(), 2 * kDepth);
}

}  // namespace
}  // namespace sparktail
