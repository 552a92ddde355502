#include "parsers/timestamp.h"

#include <gtest/gtest.h>

#include <string>

namespace sparktail {
namespace {

absl::TimeZone Zone(const char* name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

std::string Utc(std::string_view text, absl::TimeZone zone = absl::UTCTimeZone()) {
  const std::optional<Stamp> stamp = ParseStamp(text);
  return stamp ? ToUtc(*stamp, zone) : "none";
}

TEST(TimestampTest, ReadsEveryFormMetInDriverLogs) {
  struct Case {
    std::string_view stamp;
    std::string_view utc;
  };
  static constexpr Case kCases[] = {
      {"26/11/21 15:34:03", "2026-11-21T15:34:03.000Z"},
      {"00/02/29 00:00:00", "2000-02-29T00:00:00.000Z"},
      {"99/12/31 23:59:59", "2099-12-31T23:59:59.000Z"},
      {"2026/11/21 15:34:03", "2026-11-21T15:34:03.000Z"},
      {"2026-11-21 15:34:03", "2026-11-21T15:34:03.000Z"},
      {"2026-11-21T15:34:03", "2026-11-21T15:34:03.000Z"},
      {"2026-11-21 15:34:03,736", "2026-11-21T15:34:03.736Z"},
      {"2026-11-21 15:34:03.736", "2026-11-21T15:34:03.736Z"},
      {"2026-11-21 15:34:03.7", "2026-11-21T15:34:03.700Z"},
      {"2026-11-21 15:34:03.07", "2026-11-21T15:34:03.070Z"},
      {"2026-11-21 15:34:03.123456", "2026-11-21T15:34:03.123Z"},
      {"2026-11-21 15:34:03.123999999", "2026-11-21T15:34:03.123Z"},
      {"2026-11-21T15:34:03.736Z", "2026-11-21T15:34:03.736Z"},
      {"2026-11-21T15:34:03Z", "2026-11-21T15:34:03.000Z"},
      {"2026-11-21T15:34:03,736+02", "2026-11-21T13:34:03.736Z"},
      {"2026-11-21T15:34:03.736+0200", "2026-11-21T13:34:03.736Z"},
      {"2026-11-21T15:34:03.736+05:30", "2026-11-21T10:04:03.736Z"},
      {"2026-11-21T23:34:03.736-0830", "2026-11-22T08:04:03.736Z"},
      {"2024-02-29 12:00:00", "2024-02-29T12:00:00.000Z"},
      // A leap second is the first second of the next minute.
      {"2016-12-31 23:59:60", "2017-01-01T00:00:00.000Z"},
      {"1970-01-01 00:00:00", "1970-01-01T00:00:00.000Z"},
      {"9999-12-31 23:59:59,999", "9999-12-31T23:59:59.999Z"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(Utc(c.stamp), c.utc) << c.stamp;
    // It ends where the stamp does, whatever follows.
    const std::string line = std::string(c.stamp) + " INFO A: b";
    const std::optional<Stamp> stamp = ParseStamp(line);
    ASSERT_TRUE(stamp) << line;
    EXPECT_EQ(stamp->length, c.stamp.size()) << line;
  }
}

TEST(TimestampTest, RejectsTextThatIsNoStamp) {
  for (const std::string_view text : {
           "",
           "2",
           "26/11/21 15:34:0",
           "26/11/21 15:34:0x",
           "26/11/21T15-34-03",
           "26-11-21 15:34:03",
           "26/11-21 15:34:03",
           "2026/11-21 15:34:03",
           "2026-11/21 15:34:03",
           "2026-11-21_15:34:03",
           "2026-11-21 15-34-03",
           "2026-11-21 15:34.03",
           "2026-1-21 15:34:03.000",
           "20261121 15:34:03.000",
           "x026-11-21 15:34:03",
           "\xD9\xA2\xD9\xA6/11/21 15:34:03",
           "+026-11-21 15:34:03",
       }) {
    EXPECT_FALSE(ParseStamp(text)) << text;
  }
}

TEST(TimestampTest, RejectsDatesAndTimesThatDoNotExist) {
  for (const std::string_view text :
       {"26/00/21 15:34:03", "26/13/21 15:34:03", "26/11/00 15:34:03", "26/11/31 15:34:03",
        "26/02/29 15:34:03", "2100-02-29 00:00:00", "2026-11-21 24:00:00", "2026-11-21 15:60:00",
        "2026-11-21 15:34:61", "0000-00-00 00:00:00"}) {
    EXPECT_FALSE(ParseStamp(text)) << text;
  }
}

TEST(TimestampTest, LeavesBrokenFractionsAndZonesToTheLine) {
  struct Case {
    std::string_view text;
    size_t length;
  };
  static constexpr Case kCases[] = {
      {"2026-11-21 15:34:03, x", 19},      {"2026-11-21 15:34:03.x", 19},
      {"2026-11-21 15:34:03+x", 19},       {"2026-11-21 15:34:03 x0200", 19},
      {"2026-11-21 15:34:03+99", 19},      {"2026-11-21 15:34:03+02:7", 22},
      {"2026-11-21 15:34:03+0299", 19},    {"2026-11-21 15:34:03.1234567890", 29},
      {"2026-11-21 15:34:03,736+0x", 23},  {"2026-11-21 15:34:03+020", 22},
      {"2026-11-21 15:34:03,736-18", 26},  {"2026-11-21 15:34:03,736-19", 23},
      {"2026-11-21 15:34:03,736Z+02", 24},
  };
  for (const Case& c : kCases) {
    const std::optional<Stamp> stamp = ParseStamp(c.text);
    ASSERT_TRUE(stamp) << c.text;
    EXPECT_EQ(stamp->length, c.length) << c.text;
  }
}

TEST(TimestampTest, AZoneMayBeAWordOfItsOwn) {
  const absl::TimeZone madrid = Zone("Europe/Madrid");
  for (const std::string_view zone : {" Z", " +00", " +0000", " +00:00", " UTC", " GMT"}) {
    const std::string text = "2026-11-21 15:34:03,736" + std::string(zone);
    const std::optional<Stamp> stamp = ParseStamp(text + " INFO");
    ASSERT_TRUE(stamp) << text;
    EXPECT_EQ(stamp->length, text.size()) << text;
    EXPECT_EQ(ToUtc(*stamp, madrid), "2026-11-21T15:34:03.736Z") << text;
  }
  EXPECT_EQ(ParseStamp("2026-11-21 15:34:03 UTCx")->length, 19U);
}

TEST(TimestampTest, ZoneOfTheStampComesBeforeTheDefault) {
  const absl::TimeZone madrid = Zone("Europe/Madrid");
  EXPECT_EQ(Utc("2026-11-21 15:34:03", madrid), "2026-11-21T14:34:03.000Z");
  EXPECT_EQ(Utc("2026-07-21 15:34:03", madrid), "2026-07-21T13:34:03.000Z");
  EXPECT_EQ(Utc("2026-11-21 15:34:03Z", madrid), "2026-11-21T15:34:03.000Z");
  EXPECT_EQ(Utc("2026-11-21 15:34:03-01", madrid), "2026-11-21T16:34:03.000Z");
}

TEST(TimestampTest, AnHourThatComesTwiceOrNeverStillHasATime) {
  const absl::TimeZone madrid = Zone("Europe/Madrid");
  // Skipped: 02:00 to 03:00. Repeated: 02:00 to 03:00, of which the first is taken.
  EXPECT_NE(Utc("2026-03-29 02:30:00", madrid), "");
  EXPECT_EQ(Utc("2026-10-25 02:30:00", madrid), "2026-10-25T00:30:00.000Z");
}

TEST(TimestampTest, NoLogIsFromBefore1970OrAfter9999) {
  EXPECT_EQ(Utc("0000-01-01 00:00:00"), "");
  EXPECT_EQ(Utc("1969-12-31 23:59:59,999"), "");
  EXPECT_EQ(Utc("1970-01-01 00:00:00+02"), "");
  EXPECT_EQ(Utc("1970-01-01 00:00:00", Zone("Asia/Tokyo")), "");
  EXPECT_EQ(Utc("1969-12-31 23:00:00-01"), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(Utc("9999-12-31 23:59:59-02"), "");
}

TEST(TimestampTest, EveryStampLooksLikeOne) {
  // The cheap test may accept more texts, never fewer.
  EXPECT_TRUE(LooksLikeStamp("26/11/21 15:34:03"));
  EXPECT_TRUE(LooksLikeStamp("2026/11/21 15:34:03"));
  EXPECT_TRUE(LooksLikeStamp("2026-11-21T15:34:03"));
  EXPECT_FALSE(LooksLikeStamp(""));
  EXPECT_FALSE(LooksLikeStamp("26/11/21 15:34:0"));
  EXPECT_FALSE(LooksLikeStamp(" 26/11/21 15:34:03"));
  EXPECT_FALSE(LooksLikeStamp("java.lang.RuntimeException"));
}

TEST(TimestampTest, MillisOfProgressTimesAreExact) {
  struct Case {
    std::string_view text;
    int64_t millis;
  };
  static constexpr Case kCases[] = {
      {"1970-01-01T00:00:00.000Z", 0},
      {"1970-01-01T00:00:00.001Z", 1},
      {"1969-12-31T23:59:59.999Z", -1},
      {"2026-11-21T15:45:53.034Z", 1795275953034},
      {"2026-11-21T15:45:53Z", 1795275953000},
      {"0001-01-01T00:00:00.000Z", -62135596800000},
      {"9999-12-31T23:59:59.999Z", 253402300799999},
  };
  for (const Case& c : kCases) EXPECT_EQ(ParseUtcMillis(c.text), c.millis) << c.text;
}

TEST(TimestampTest, MillisNeedTheFormThatSparkPrints) {
  for (const std::string_view text :
       {"", "Z", "2026-11-21T15:45:53.034", "2026-11-21 15:45:53.034Z", "2026-11-21T15:45:53.034z",
        "2026-11-21T15:45:53.034+00", "2026-11-21T15:45:53.034ZZ", "26/11/21 15:45:53Z",
        "2026/11/21 15:45:53Z", " 2026-11-21T15:45:53.034Z", "2026-11-21T15:45:53.034Z ",
        "2026-02-30T15:45:53.034Z", "2026-11-21T15:45:53.Z", "2026-11-21T15:45Z"}) {
    EXPECT_EQ(ParseUtcMillis(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace sparktail
