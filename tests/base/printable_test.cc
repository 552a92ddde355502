#include "ingest/base/printable.h"

#include <gtest/gtest.h>

namespace sparktail {
namespace {

TEST(PrintableTest, ReplacesWhatMovesACursor) {
  struct Case {
    std::string_view text;
    std::string_view printable;
  };
  static constexpr Case kCases[] = {
      {"", ""},
      {"plain запит ✓ 😀", "plain запит ✓ 😀"},
      {"a\x1b[2J\r\n\t\x7f", "a?[2J????"},
      {"\xC2\x80\xC2\x9B\xC2\x9F", "???"},
      {"\xC2\xA0\xC2\xA9", "\xC2\xA0\xC2\xA9"},
      {"\xff"
       "a\xC2",
       "\xEF\xBF\xBD"
       "a\xEF\xBF\xBD"},
  };
  for (const Case& c : kCases) EXPECT_EQ(Printable(c.text, 100), c.printable);
  EXPECT_EQ(Printable(std::string_view("\0", 1), 100), "?");
}

TEST(PrintableTest, CutsBetweenCharactersAndSaysSo) {
  EXPECT_EQ(Printable("abcdef", 6), "abcdef");
  EXPECT_EQ(Printable("abcdef", 3), "abc…");
  EXPECT_EQ(Printable("aé", 2), "a…");
  EXPECT_EQ(Printable("abc", 0), "…");
}

}  // namespace
}  // namespace sparktail
