#include "parsers/json_text.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "ingest/base/utf8.h"

namespace sparktail {
namespace {

struct Utf8Case {
  std::string_view bytes;
  std::string_view decoded;
  size_t replaced;
};

// Made with Python: bytes.decode("utf-8", errors="replace").
constexpr Utf8Case kUtf8Cases[] = {
    {"\x41", "\x41", 0},
    {"\xC3\x80", "\xC3\x80", 0},
    {"\x80", "\xEF\xBF\xBD", 1},
    {"\xBF\x80", "\xEF\xBF\xBD\xEF\xBF\xBD", 2},
    {"\xC0\x41", "\xEF\xBF\xBD\x41", 1},
    {"\xC1\xBF", "\xEF\xBF\xBD\xEF\xBF\xBD", 2},
    {"\xC2", "\xEF\xBF\xBD", 1},
    {"\xC2\x41", "\xEF\xBF\xBD\x41", 1},
    {"\xE0", "\xEF\xBF\xBD", 1},
    {"\xE0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD", 2},
    {"\xE0\x80\x9F", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 3},
    {"\xE0\x9F\xBF", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 3},
    {"\xE0\xA0", "\xEF\xBF\xBD", 1},
    {"\xE0\xA0\x41", "\xEF\xBF\xBD\x41", 1},
    {"\xE0\xA0\x80", "\xE0\xA0\x80", 0},
    {"\xE2\x82\xAC", "\xE2\x82\xAC", 0},
    {"\xE2\x82\x41", "\xEF\xBF\xBD\x41", 1},
    {"\xE2\x82", "\xEF\xBF\xBD", 1},
    {"\xE2\x82\xAC\xE2\x82\xAC", "\xE2\x82\xAC\xE2\x82\xAC", 0},
    {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 3},
    {"\xED\x9F\xBF", "\xED\x9F\xBF", 0},
    {"\xED\xBF\xBF", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 3},
    {"\xEE\xBF", "\xEF\xBF\xBD", 1},
    {"\xEE\x80\x80", "\xEE\x80\x80", 0},
    {"\xEF\xBF\xBF", "\xEF\xBF\xBF", 0},
    {"\xF0", "\xEF\xBF\xBD", 1},
    {"\xF0\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 3},
    {"\xF0\x8F\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 4},
    {"\xF0\x90", "\xEF\xBF\xBD", 1},
    {"\xF0\x90\x80", "\xEF\xBF\xBD", 1},
    {"\xF0\x90\x80\x41", "\xEF\xBF\xBD\x41", 1},
    {"\xF0\x90\x80\x80", "\xF0\x90\x80\x80", 0},
    {"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF", 0},
    {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 4},
    {"\xF5\x80\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 4},
    {"\xFF", "\xEF\xBF\xBD", 1},
    {"\xFE", "\xEF\xBF\xBD", 1},
    {"\xFF\xFE", "\xEF\xBF\xBD\xEF\xBF\xBD", 2},
    {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80", 0},
    {"\xF0\x9F\x98", "\xEF\xBF\xBD", 1},
    {"\xF0\x9F\x98\xF0\x9F\x98\x80", "\xEF\xBF\xBD\xF0\x9F\x98\x80", 1},
    {"\xC2\xC2\xA9", "\xEF\xBF\xBD\xC2\xA9", 1},
    {"\xE2\xC2\xA9", "\xEF\xBF\xBD\xC2\xA9", 1},
    {"\x61\xF1\x80\x80\xE1\x80\x80\xC2\x62\x80\x63\x80\xBF\x64",
     "\x61\xEF\xBF\xBD\xE1\x80\x80\xEF\xBF\xBD\x62\xEF\xBF\xBD\x63\xEF\xBF\xBD\xEF\xBF\xBD\x64", 5},
    {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD", 2},
    {"\xF8\x88\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 4},
    {"\xF8\x80\x80\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 5},
    {"\x20\xFF\x20", "\x20\xEF\xBF\xBD\x20", 1},
    {"\xE2\x82\x20\xE2\x82", "\xEF\xBF\xBD\x20\xEF\xBF\xBD", 2},
    {"\xEF\xBB\xBF", "\xEF\xBB\xBF", 0},
    {"\xFF\xFE\xFD\x20", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\x20", 3},
    {"\xF0\x9F\x98\x92\xF0\x9F\x98", "\xF0\x9F\x98\x92\xEF\xBF\xBD", 1},
};

std::string JsonString(std::string_view text) {
  ByteBuffer out;
  AppendJsonString(text, &out);
  return std::string(out.view());
}

TEST(JsonTextTest, ReplacesEachMaximalSubpartAsPythonDoes) {
  for (const Utf8Case& c : kUtf8Cases) {
    ByteBuffer out;
    EXPECT_EQ(AppendValidUtf8(c.bytes, &out), c.replaced) << testing::PrintToString(c.bytes);
    EXPECT_EQ(out.view(), c.decoded) << testing::PrintToString(c.bytes);
    EXPECT_EQ(ValidUtf8(c.bytes, 1000), c.decoded) << testing::PrintToString(c.bytes);
  }
}

TEST(JsonTextTest, ReplacesTheSameBetweenOtherText) {
  for (const Utf8Case& c : kUtf8Cases) {
    const std::string text = "a" + std::string(c.bytes) + "b";
    const std::string decoded = "a" + std::string(c.decoded) + "b";
    ByteBuffer out;
    out.Append("kept");
    EXPECT_EQ(AppendValidUtf8(text, &out), c.replaced);
    EXPECT_EQ(out.view(), "kept" + decoded) << testing::PrintToString(c.bytes);
  }
}

TEST(JsonTextTest, JsonStringsReplaceTheSameAndSaySo) {
  for (const Utf8Case& c : kUtf8Cases) {
    ByteBuffer out;
    EXPECT_EQ(AppendJsonString(c.bytes, &out), c.replaced == 0);
    EXPECT_EQ(out.view(), "\"" + std::string(c.decoded) + "\"") << testing::PrintToString(c.bytes);
  }
}

TEST(JsonTextTest, EscapesCharactersThatAJsonStringMayNotContain) {
  EXPECT_EQ(JsonString(""), R"("")");
  EXPECT_EQ(JsonString("plain запит ✓"), R"("plain запит ✓")");
  EXPECT_EQ(JsonString(R"(a"b\c/d)"), R"("a\"b\\c/d")");
  EXPECT_EQ(JsonString("\n\r\t"), R"("\n\r\t")");
  EXPECT_EQ(JsonString(std::string_view("\0\x01\x1f\x7f\x1b[2J", 8)),
            R"("\u0000\u0001\u001f\u007f\u001b[2J")");
  EXPECT_EQ(JsonString("\b\f"), R"("\u0008\u000c")");
}

TEST(JsonTextTest, EveryByteGivesAStringThatReadsBack) {
  for (int byte = 0; byte < 0x80; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    const std::string json = JsonString("x" + text + "y");
    for (const char c : json) {
      EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << byte;
    }
    EXPECT_EQ(UnescapeJson(json.substr(1, json.size() - 2)), "x" + text + "y") << byte;
  }
}

TEST(JsonTextTest, UndoesEscapes) {
  struct Case {
    std::string_view raw;
    std::string_view text;
  };
  static constexpr Case kCases[] = {
      {"", ""},
      {"plain", "plain"},
      {R"(\"\\\/)", "\"\\/"},
      {R"(\b\f\n\r\t)", "\b\f\n\r\t"},
      {R"(\u0041\u00e9\u20AC)", "Aé€"},
      {R"(\ud83d\ude00)", "😀"},
      {R"(\uD83D\uDE00!)", "😀!"},
      {R"(\uffff\u007F)", "\xEF\xBF\xBF\x7F"},
      // Surrogates without their other half.
      {R"(\ud83d)", "\xEF\xBF\xBD"},
      {R"(\ude00)", "\xEF\xBF\xBD"},
      {R"(\ud83dx)", "\xEF\xBF\xBDx"},
      {R"(\ud83d\n)", "\xEF\xBF\xBD\n"},
      {R"(\ud83d\u0041)",
       "\xEF\xBF\xBD"
       "A"},
      {R"(\ud83d\ud83d\ude00)", "\xEF\xBF\xBD😀"},
      // Invalid escapes stay.
      {R"(\u12)", R"(\u12)"},
      {R"(\u12g4)", R"(\u12g4)"},
      {R"(\u)", R"(\u)"},
      {"\\", "\\"},
      {"a\\", "a\\"},
  };
  for (const Case& c : kCases) EXPECT_EQ(UnescapeJson(c.raw), c.text) << c.raw;
  EXPECT_EQ(UnescapeJson(R"(a\u0000b)"), std::string_view("a\0b", 3));
}

TEST(JsonTextTest, AnUnknownEscapeStaysAsItIs) {
  EXPECT_EQ(UnescapeJson(R"(\x)"), R"(\x)");
  EXPECT_EQ(UnescapeJson(R"(a\qb)"), R"(a\qb)");
}

TEST(JsonText, ControlsThatJsonAllowsAreEscaped) {
  EXPECT_EQ(EscapeControls("{\"a\":\"\x7f \xC2\x9B[2J \xC2\xA9 é\"}\n"),
            "{\"a\":\"\\u007f \\u009b[2J \xC2\xA9 é\"}\n");
  EXPECT_EQ(EscapeControls("\xC2"), "\xC2");
}

TEST(JsonTextTest, NumbersAreDigits) {
  ByteBuffer out;
  AppendInteger(INT64_MIN, &out);
  out.Append(' ');
  AppendCount(UINT64_MAX, &out);
  EXPECT_EQ(out.view(), "-9223372036854775808 18446744073709551615");
}

}  // namespace
}  // namespace sparktail
