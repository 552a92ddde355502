#include "parsers/event_id.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace sparktail {
namespace {

constexpr std::string_view kBanner =
    "26/11/21 15:33:12 INFO SparkContext: Running Spark version 3.5.9";
// tests/outside/xxh3.py, of kBanner.
constexpr std::string_view kBannerHash = "5cc63543dc8915441ba76c01d514c311";
constexpr std::string_view kEmptyHash = "99aa06d3014798d86001c324468d497f";

std::string Id(std::initializer_list<std::string_view> fields) {
  const EventId id = MakeEventId(fields);
  return std::string(View(id));
}

std::string LineHash(std::string_view text) {
  FirstLineHash hash;
  hash.Feed(text);
  return hash.hex();
}

TEST(EventIdTest, AgreesWithThePythonImplementation) {
  // Made with tests/outside/xxh3.py.
  EXPECT_EQ(Id({}), kEmptyHash);
  EXPECT_EQ(Id({""}), kEmptyHash);
  EXPECT_EQ(Id({"", ""}), "7858ef011ea0bad1384868fba0c21fdc");
  EXPECT_EQ(Id({"a"}), "a96faf705af16834e6c632b61e964e1f");
  EXPECT_EQ(Id({"query", "idle", "", ""}), "421942288878e8ff6704efd012b595fc");
  EXPECT_EQ(Id({"progress", "cd8eb75d-4384-4c88-8e95-7e1c25d5cb4e",
                "0c8ad220-b46f-44b3-8983-fa967b786f8d", "7", "2026-11-21T15:33:42.000Z"}),
            "67e96d3f7dc091d13692323c4eaffa9b");
  EXPECT_EQ(Id({"query", "started", "1e3e6cab-5874-48b9-96d6-39d26b44c0b7",
                "c293d9d1-9216-45a6-9422-39ab38fbf81e"}),
            "8a52f83640b0ca7651854cd7dabf72d0");
  EXPECT_EQ(
      Id({"query", "idle",
          "application_1700000000000_0042/container_e12_1700000000000_0042_01_000001/stderr",
          "268500891",
          "26/11/21 15:33:42 INFO MicroBatchExecution: Streaming query has been idle and waiting "
          "for new data more than 10000 ms.",
          "0"}),
      "ae5e1b43e2e52560ebdb666a7415f034");
  EXPECT_EQ(Id({"signal", "запит-Обробка ✓ 日本語 \"quoted\" \\ back\ttab"}),
            "6a610580e104b486c7d8fbddfdaab97a");
}

TEST(EventIdTest, AgreesWithThePythonImplementationAtEveryLength) {
  struct Case {
    size_t length;
    std::string_view alone;       // of "xx…x"
    std::string_view two_fields;  // of "xx…x\nyyy"
  };
  static constexpr Case kCases[] = {
      {511, "350fd1609029c0101cead32d8065b5b4", "d49165ee44528b94eb95a69343850711"},
      {512, "5d874687f5fd028a12a81a98c393ea66", "4dd3a7851b646072881ecd4da2351cab"},
      {513, "b99f52a8a22746ef81af63d8e0cbb1ec", "e93e804af970aee6f8c31825b65d0df5"},
      {5000, "c40b706e6ba9af508d8567cbc9ee3d90", "278fcf25f469511b23600fc5b25939b3"},
  };
  for (const Case& c : kCases) {
    const std::string text(c.length, 'x');
    EXPECT_EQ(Id({text}), c.alone) << c.length;
    EXPECT_EQ(Id({text, "yyy"}), c.two_fields) << c.length;
  }
}

TEST(EventIdTest, FieldsAreJoinedByNewlines) {
  EXPECT_EQ(Id({"a", "b"}), Id({"a\nb"}));
  EXPECT_EQ(Id({"", "b", ""}), Id({"\nb\n"}));
  EXPECT_NE(Id({"a", ""}), Id({"a"}));
  EXPECT_NE(Id({"ab", "c"}), Id({"a", "bc"}));
  const std::string_view nul("a\0b", 3);
  EXPECT_NE(Id({nul}), Id({"a"}));
}

TEST(FirstLineHashTest, IsTheHashOfTheLineWithoutItsEnd) {
  for (const std::string_view end : {"\n", "\r\n", "\nmore", "\r\nmore\n", "\n\n", "\n\r"}) {
    EXPECT_EQ(LineHash(std::string(kBanner) + std::string(end)), kBannerHash) << end;
  }
}

TEST(FirstLineHashTest, OnlyOneReturnBelongsToTheLineEnd) {
  EXPECT_EQ(LineHash(std::string(kBanner) + "\r\r\n"), Id({std::string(kBanner) + "\r"}));
  EXPECT_EQ(LineHash("a\rb\n"), "77b34cbab4a1831d215d519d735373b7");
  EXPECT_EQ(LineHash("\r\n"), kEmptyHash);
  EXPECT_EQ(LineHash("\n"), kEmptyHash);
}

TEST(FirstLineHashTest, ALineThatDoesNotEndHasNoHash) {
  FirstLineHash hash;
  hash.Feed("");
  EXPECT_FALSE(hash.complete());
  hash.Feed(kBanner);
  hash.Feed("\r");
  EXPECT_FALSE(hash.complete());
  EXPECT_EQ(hash.hex(), "");
  hash.Feed("\n");
  EXPECT_TRUE(hash.complete());
  EXPECT_EQ(hash.hex(), kBannerHash);
}

TEST(FirstLineHashTest, OnlyTheFirstLineCounts) {
  FirstLineHash hash;
  hash.Feed(std::string(kBanner) + "\n");
  hash.Feed("more\n");
  EXPECT_EQ(hash.hex(), kBannerHash);
}

TEST(FirstLineHashTest, PiecesGiveTheHashOfTheWhole) {
  for (const std::string_view end : {"\n", "\r\n", "\r\r\n", "\nmore", ""}) {
    const std::string text = "a\rb\r\rc" + std::string(end);
    const std::string whole = LineHash(text);
    for (size_t first = 0; first <= text.size(); ++first) {
      for (size_t second = first; second <= text.size(); ++second) {
        FirstLineHash hash;
        const std::string_view view = text;
        hash.Feed(view.substr(0, first));
        hash.Feed(view.substr(first, second - first));
        hash.Feed(view.substr(second));
        EXPECT_EQ(hash.hex(), whole) << first << " " << second;
      }
    }
  }
}

TEST(FirstLineHashTest, RandomPiecesOfALongLineGiveTheHashOfTheWhole) {
  std::mt19937 random(20261121);
  for (int round = 0; round < 200; ++round) {
    std::string text;
    const size_t size = random() % 3000;
    while (text.size() < size) text += "ab\r\xff"[random() % 4];
    const std::string line = text;
    text += random() % 2 == 0 ? "\n" : "\r\n";
    text += "rest\n";
    FirstLineHash hash;
    for (size_t at = 0; at < text.size();) {
      const size_t piece = random() % 300;
      hash.Feed(std::string_view(text).substr(at, piece));
      at += piece;
    }
    ASSERT_TRUE(hash.complete());
    EXPECT_EQ(hash.hex(), LineHash(text));
    if (!line.ends_with('\r')) {
      EXPECT_EQ(hash.hex(), Id({line}));
    }
  }
}

TEST(FirstLineHashTest, RestoresACompleteHash) {
  FirstLineHash hash(kBannerHash);
  EXPECT_TRUE(hash.complete());
  hash.Feed("other\n");
  EXPECT_EQ(hash.hex(), kBannerHash);
}

TEST(FirstLineHashTest, MovesInMidLine) {
  FirstLineHash first;
  first.Feed(kBanner.substr(0, 20));
  FirstLineHash second = std::move(first);
  second.Feed(kBanner.substr(20));
  first = std::move(second);
  first.Feed("\r");
  first.Feed("\n");
  EXPECT_EQ(first.hex(), kBannerHash);
}

}  // namespace
}  // namespace sparktail
