#include "ingest/sources/yarn/html_text.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

using ::sparktail::testing::DataPath;
using ::sparktail::testing::ReadLines;

std::string TextOf(std::string_view html) {
  std::string text;
  AppendHtmlText(html, &text);
  return text;
}

std::string Utf8(unsigned long code) {
  std::string text;
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800)
    return {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
  return {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 63)),
          static_cast<char>(0x80 | (code & 63))};
}

// As a real NodeManager was seen to write them.
TEST(HtmlTextTest, AllNamedEntitiesAreReplaced) {
  const std::vector<std::string> lines = ReadLines(DataPath("yarn/html4-entities.tsv"));
  EXPECT_EQ(lines.size(), 252U);
  for (const std::string& line : lines) {
    const size_t tab = line.find('\t');
    const std::string code = Utf8(std::strtoul(line.c_str() + 2, nullptr, 16));
    const std::string entity = line.substr(tab + 1);
    EXPECT_EQ(TextOf(entity), code) << line;
    EXPECT_EQ(TextOf("a" + entity + entity + "b"), "a" + code + code + "b") << line;
  }
}

TEST(HtmlTextTest, NothingElseIsAnEntity) {
  for (const char* text : {"", "&", "&&", "&;", "&amp", "&nosuch;", "&#39;", "&#x27;", "& lt;", "'",
                           "&verylongnamethatisnone;", "\xFF&\xFF;"}) {
    EXPECT_EQ(TextOf(text), text);
  }
  EXPECT_EQ(TextOf("&amp;lt;"), "&lt;");
  EXPECT_EQ(TextOf("&lt;/pre&gt;&lt;b&gt;na&iuml;ve&amp;"), "</pre><b>naïve&");
}

}  // namespace
}  // namespace sparktail
