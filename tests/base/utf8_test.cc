#include "ingest/base/utf8.h"

#include <gtest/gtest.h>

namespace sparktail {
namespace {

TEST(Utf8Test, ValidUtf8CutsBetweenCharacters) {
  const std::string text = "aé€😀z";  // 1, 2, 3, 4 and 1 bytes
  struct Case {
    size_t max_size;
    std::string_view cut;
  };
  static constexpr Case kCases[] = {{0, ""},    {1, "a"},     {2, "a"},      {3, "aé"},
                                    {4, "aé"},  {5, "aé"},    {6, "aé€"},    {7, "aé€"},
                                    {9, "aé€"}, {10, "aé€😀"}, {11, "aé€😀z"}, {99, "aé€😀z"}};
  for (const Case& c : kCases) EXPECT_EQ(ValidUtf8(text, c.max_size), c.cut) << c.max_size;
  // Bytes that continue nothing have no beginning to go back to.
  EXPECT_EQ(ValidUtf8("\x80\x80\x80\x80", 2), "");
  EXPECT_EQ(ValidUtf8("", 5), "");
}

}  // namespace
}  // namespace sparktail
