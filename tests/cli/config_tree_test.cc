#include "ingest/cli/config_tree.h"

#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sparktail {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

ConfigNode Parsed(std::string_view text) {
  absl::StatusOr<ConfigNode> node = ParseYaml(text, "f.yaml");
  EXPECT_TRUE(node.ok()) << node.status();
  return node.ok() ? *node : ConfigNode();
}

std::string ErrorOf(std::string_view text) {
  const absl::StatusOr<ConfigNode> node = ParseYaml(text, "f.yaml");
  EXPECT_FALSE(node.ok()) << text.substr(0, 200);
  EXPECT_EQ(std::string(node.status().message()).find('\n'), std::string::npos);
  EXPECT_LT(node.status().message().size(), 2000U);
  return std::string(node.status().message());
}

TEST(ConfigTreeTest, NodesKnowTheirLinesAndStyles) {
  const ConfigNode root = Parsed(
      "# comment\n"
      "a: plain\n"
      "b:\n"
      "  - 'quoted'\n"
      "  - {c: 5, \"d\": }\n"
      "e:\n"
      "f: |\n"
      "  text\n");
  ASSERT_EQ(root.keys.size(), 4U);
  ASSERT_EQ(root.items.size(), 4U);
  EXPECT_EQ(root.keys[0].text, "a");
  EXPECT_EQ(root.keys[0].line, 2U);
  EXPECT_EQ(root.items[0].text, "plain");
  EXPECT_EQ(root.items[0].style, ConfigNode::Style::kPlain);
  const ConfigNode& list = root.items[1];
  ASSERT_EQ(list.kind, ConfigNode::Kind::kList);
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(list.items[0].text, "quoted");
  EXPECT_EQ(list.items[0].style, ConfigNode::Style::kQuoted);
  EXPECT_EQ(list.items[0].line, 4U);
  ASSERT_EQ(list.items[1].kind, ConfigNode::Kind::kMap);
  EXPECT_EQ(list.items[1].items[0].text, "5");
  EXPECT_TRUE(list.items[1].items[1].is_null);
  EXPECT_TRUE(root.items[2].is_null);
  EXPECT_EQ(root.items[2].line, 6U);
  EXPECT_EQ(root.items[3].text, "text\n");
  EXPECT_EQ(root.items[3].style, ConfigNode::Style::kQuoted);
}

TEST(ConfigTreeTest, ByteOrderMarksAndCarriageReturnsAreNoText) {
  const ConfigNode root = Parsed(
      "\xEF\xBB\xBF"
      "a: b\r\nc: d\r\n");
  ASSERT_EQ(root.keys.size(), 2U);
  EXPECT_EQ(root.keys[0].text, "a");
  EXPECT_EQ(root.items[0].text, "b");
  EXPECT_EQ(root.items[1].text, "d");
}

TEST(ConfigTreeTest, UnneededYamlIsAnError) {
  struct Case {
    const char* text;
    const char* error;
  };
  for (const Case& c : {
           Case{"", "f.yaml:1: the configuration is empty"},
           Case{"# only a comment\n", "f.yaml:1: the configuration is empty"},
           Case{"---\n...\n", "f.yaml:1: the configuration is empty"},
           Case{"~", "f.yaml:1: the configuration is empty"},
           Case{"word", "f.yaml:1: lines of `key: value` are expected"},
           Case{"\n- a\n", "f.yaml:2: lines of `key: value` are expected"},
           Case{"a: 1\n---\nb: 2\n",
                "f.yaml:2: a second document begins here; a configuration is one document"},
           Case{"a: &x 1\nb: *x\n", "f.yaml:1: anchors and aliases"},
           Case{"paths:\n- *.log\n", "f.yaml:2: "},
           Case{"a: !!str 1\n", "f.yaml:1: tags"},
           Case{"a: !x {b: c}\n", "f.yaml:1: tags"},
           Case{"? [a]\n: b\n", "f.yaml:1: a key must be a word"},
           Case{"~: b\n", "f.yaml:1: a key must be a word"},
           Case{"a:\n\tb: c\n", "f.yaml:2: indent with spaces, not with a tab"},
           Case{"a: b\n \tc: d\n", "f.yaml:2: indent with spaces, not with a tab"},
           Case{"a: b\nc: \xFF\n", "f.yaml:2: the line is not UTF-8"},
           Case{"a: b\x01\n", "f.yaml:1: there is a control character"},
           Case{"a: [b\n", "f.yaml:1: "},
           Case{"a: 'b\n", "f.yaml:1: "},
           Case{"a: 'b", "f.yaml:1: "},
           Case{"a: b\nc: \"b\nd: e\n", "f.yaml:3: "},
           Case{"a: b: c\n", "f.yaml:1: "},
           Case{"a: b\n   c: d\n", "f.yaml:2: "},
           Case{"a: %x\n@b: c\n", "f.yaml:"},
       }) {
    EXPECT_THAT(ErrorOf(c.text), StartsWith(c.error)) << c.text;
  }
  EXPECT_THAT(ErrorOf(std::string("a: b\0c\n", 7)), HasSubstr("a control character"));
  EXPECT_THAT(ErrorOf(std::string_view("a\0:\0 \0b\0", 8)), HasSubstr("a control character"));
}

// Documents that would be expensive for a naive reader: each is an error, at once.
TEST(ConfigTreeTest, BombsAreBounded) {
  const std::string half(size_t{512} << 10, 'x');
  struct Case {
    const char* name;
    std::string text;
    const char* error;
  };
  const auto many = [](std::string_view piece, size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i) text += piece;
    return text;
  };
  std::string deep;
  for (size_t i = 0; i < 400; ++i) deep += std::string(i, ' ') + "a:\n";
  for (const Case& c : {
           Case{"long", "a: " + half + half, "longer than 1 MiB"},
           Case{"brackets", "a: " + many("[", 1 << 19), ""},
           Case{"braces", many("{", 1 << 19), ""},
           Case{"block", deep, "nested more than 16 levels deep"},
           Case{"dashes", many("- ", 1 << 19), ""},
           Case{"questions", many("? ", 1 << 19), ""},
           Case{"quotes", "a: '" + half, ""},
           Case{"items", "a: [" + many("b,", 20'000) + "]", "too large for a configuration"},
           Case{"keys", many("k: v\n", 20'000), "too large for a configuration"},
           Case{"lines", many("-\n", 1 << 19), "too large for a configuration"},
           Case{"colons", many("a:", 1 << 19), ""},
           Case{"bomb",
                "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n",
                "anchors and aliases"},
       }) {
    const absl::Time start = absl::Now();
    EXPECT_THAT(ErrorOf(c.text), HasSubstr(c.error)) << c.name;
    EXPECT_LT(absl::Now() - start, absl::Seconds(20)) << c.name;
  }
}

TEST(ConfigTreeTest, ScalarsHaveTypes) {
  ConfigNode node;
  for (const char* number : {"0", "7", "-1", "+1", "1.", ".5", "1.5", "-1.5e3", "1e5", "1E-5",
                             "1e+5", "0x1F", "-0xa", "0o17", ".inf", "-.inf", ".nan"}) {
    node.text = number;
    EXPECT_TRUE(node.IsNumber()) << number;
    EXPECT_FALSE(node.IsBoolean()) << number;
  }
  for (const char* boolean : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    node.text = boolean;
    EXPECT_TRUE(node.IsBoolean()) << boolean;
    EXPECT_FALSE(node.IsNumber()) << boolean;
  }
  for (const char* text : {"", ".", "-", "e5", "1e", "1.2.3", "0x", "0xg", "1 ", "1\n", "1MiB",
                           "5s", "127.0.0.1", "yes", "tRUE", "inf", "+.inf"}) {
    node.text = text;
    EXPECT_FALSE(node.IsNumber()) << text;
    EXPECT_FALSE(node.IsBoolean()) << text;
  }
}

TEST(ConfigTreeTest, ValuesAreFound) {
  const auto root = ParseYaml("a: 1\nb: {c: 2}\na: 3\n", "f");
  ASSERT_TRUE(root.ok()) << root.status();
  EXPECT_EQ(root->Find("a")->text, "1") << "the first one";
  EXPECT_EQ(root->FindOr("b").FindOr("c").text, "2");
  EXPECT_EQ(root->Find("c"), nullptr);
  EXPECT_EQ(&root->FindOr("c"), &*root) << "where it would be";
  EXPECT_EQ(root->Find("a")->Find("a"), nullptr) << "a scalar has no keys";
}

TEST(ConfigTreeTest, ErrorsArePrintable) {
  EXPECT_THAT(ErrorOf("a: b\n\xC2\x9B"
                      "31m: [\n"),
              testing::Not(HasSubstr("\xC2\x9B")));
}

}  // namespace
}  // namespace sparktail
