#include "sinks/name_pattern.h"

#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sparktail {
namespace {

using ::testing::HasSubstr;

EventFields Fields(std::string_view kind, std::string_view environment = "",
                   std::string_view app_name = "") {
  EventFields fields;
  fields.kind = kind;
  fields.environment = environment;
  fields.app_name = app_name;
  return fields;
}

NamePattern Make(std::string_view text) {
  auto pattern = NamePattern::Parse(text);
  EXPECT_TRUE(pattern.ok()) << pattern.status();
  return *std::move(pattern);
}

TEST(NamePatternTest, ALiteralIsItsName) {
  NamePattern pattern = Make("Spark.events_1-x");
  EXPECT_TRUE(pattern.is_literal());
  EXPECT_EQ(pattern.NameOf(Fields("progress")), "Spark.events_1-x");
}

TEST(NamePatternTest, FieldsAreThoseOfTheEvent) {
  NamePattern pattern = Make("spark-{kind}.{environment}-{appName}");
  EXPECT_FALSE(pattern.is_literal());
  EXPECT_EQ(pattern.NameOf(Fields("progress", "pro", "etl")), "spark-progress.pro-etl");
  EXPECT_EQ(pattern.NameOf(Fields("query", "", "")), "spark-query.none-none");
}

// Anyone who writes to a log can choose appName.
TEST(NamePatternTest, ValuesAreReduced) {
  NamePattern pattern = Make("s-{appName}");
  EXPECT_EQ(pattern.NameOf(Fields("", "", "Orange.Bigdata/../x y\xc3\xbc\n")),
            "s-orange_bigdata____x_y___");
  const std::string name = pattern.NameOf(Fields("", "", std::string(5000, 'A')));
  EXPECT_EQ(name, "s-" + std::string(NamePattern::kMostValueBytes, 'a'));
}

TEST(NamePatternTest, NamesAreNoLongerThanKafkaTakes) {
  NamePattern pattern = Make("s-{appName}{appName}{appName}");
  EXPECT_EQ(pattern.NameOf(Fields("", "", std::string(100, 'a'))).size(), NamePattern::kMostBytes);
}

TEST(NamePatternTest, AfterTooManyValuesAllAreOther) {
  NamePattern pattern = Make("s-{kind}-{appName}");
  for (size_t i = 0; i < NamePattern::kMostNames; ++i) {
    pattern.NameOf(Fields("progress", "", "app" + std::to_string(i)));
  }
  EXPECT_EQ(pattern.NameOf(Fields("progress", "", "new")), "s-other-other");
  EXPECT_EQ(pattern.NameOf(Fields("progress", "", "app7")), "s-progress-app7");
}

TEST(NamePatternTest, InvalidPatternsAreReported) {
  const struct {
    const char* text;
    const char* why;
  } kCases[] = {
      {"", "begin with a literal"},     {"{kind}", "begin with a literal"},
      {"{kind}-x", "begin with"},       {"a b", "letters, digits"},
      {"a/b", "letters, digits"},       {"a-{host}", "fields are"},
      {"a-{kind", "a } is missing"},    {"a-kind}", "letters, digits"},
      {"a-{}", "fields are"},           {".", "it is not a valid name"},
      {"..", "it is not a valid name"},
  };
  for (const auto& one : kCases) {
    const absl::Status status = NamePattern::Check(one.text);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << one.text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(one.why)) << one.text;
  }
}

TEST(NamePatternTest, ANameMayBeAsLongAsKafkaTakes) {
  EXPECT_TRUE(NamePattern::Check(std::string(NamePattern::kMostBytes, 'a')).ok());
  EXPECT_FALSE(NamePattern::Check(std::string(NamePattern::kMostBytes + 1, 'a')).ok());
  // There must be room for fields.
  EXPECT_TRUE(NamePattern::Check(std::string(100, 'a') + "{kind}").ok());
  EXPECT_FALSE(NamePattern::Check(std::string(200, 'a') + "{kind}").ok());
}

// ---------------------------------------------------------------- of an index

NamePattern MakeIndex(std::string_view text) {
  auto pattern = NamePattern::Parse(text, NamePattern::Use::kIndex);
  EXPECT_TRUE(pattern.ok()) << pattern.status();
  return *std::move(pattern);
}

constexpr int64_t kHourMs = 3'600'000;

int64_t NowMs() { return absl::ToUnixMillis(absl::Now()); }

TEST(NamePatternTest, TheDayIsTheEvents) {
  NamePattern pattern = MakeIndex("monitor-yarn-{environment}-%Y%m%d");
  EXPECT_FALSE(pattern.is_literal());
  constexpr int64_t kTime = 1'795'305'599'999;  // 2026-11-21T23:59:59.999Z
  EXPECT_EQ(pattern.NameOf(Fields("progress", "pro"), kTime), "monitor-yarn-pro-20261121");
  EXPECT_EQ(pattern.NameOf(Fields("progress", "pro"), kTime - 24 * kHourMs),
            "monitor-yarn-pro-20261120");
  EXPECT_EQ(MakeIndex("s.%d_%m-%H.x").NameOf(Fields(""), kTime), "s.21_11-23.x");
}

TEST(NamePatternTest, ImplausibleDaysAreUndated) {
  NamePattern pattern = MakeIndex("s-%Y.%m.%d-{kind}");
  EXPECT_EQ(pattern.NameOf(Fields("query"), kNoTime), "s-undated-query");
  EXPECT_EQ(pattern.NameOf(Fields("query"), 0), "s-undated-query");
  EXPECT_EQ(pattern.NameOf(Fields("query"), -1), "s-undated-query");
  EXPECT_EQ(pattern.NameOf(Fields("query"), INT64_MAX), "s-undated-query");
  EXPECT_EQ(pattern.NameOf(Fields("query"), INT64_MIN + 1), "s-undated-query");
  EXPECT_EQ(pattern.NameOf(Fields("query"), NowMs() + 25 * kHourMs), "s-undated-query");
  EXPECT_NE(pattern.NameOf(Fields("query"), NowMs() + 23 * kHourMs), "s-undated-query");
  EXPECT_NE(pattern.NameOf(Fields("query"), NowMs() - 9 * 365 * 24 * kHourMs), "s-undated-query");
  EXPECT_EQ(pattern.NameOf(Fields("query"), NowMs() - 11 * 366 * 24 * kHourMs), "s-undated-query");
}

TEST(NamePatternTest, AfterTooManyNamesNoneHasADay) {
  NamePattern pattern = MakeIndex("s-{appName}-%Y");
  for (size_t i = 0; i < NamePattern::kMostNames; ++i) {
    pattern.NameOf(Fields("", "", "app" + std::to_string(i)), NowMs());
  }
  EXPECT_EQ(pattern.NameOf(Fields("", "", "new"), NowMs()), "s-other-undated");
}

TEST(NamePatternTest, AWildcardMatchesAllItsNames) {
  EXPECT_EQ(MakeIndex("monitor-yarn-{environment}-%Y%m%d").Wildcard(), "monitor-yarn-*-*");
  EXPECT_EQ(MakeIndex("events").Wildcard(), "events");
  EXPECT_EQ(MakeIndex("e-%Y.x").Wildcard(), "e-*.x");
  // For an event without a day, one word replaces the whole date: "e-undated.x".
  EXPECT_EQ(MakeIndex("e-%Y.%m.%d.x").Wildcard(), "e-*.x");
}

TEST(NamePatternTest, InvalidNamesOfIndicesAreReported) {
  const auto why = [](std::string_view text) {
    return std::string(NamePattern::Check(text, NamePattern::Use::kIndex).message());
  };
  EXPECT_THAT(why("Events"), HasSubstr("lower-case"));
  EXPECT_THAT(why("e vents"), HasSubstr("lower-case"));
  EXPECT_THAT(why("-events"), HasSubstr("begin with a letter or a digit"));
  EXPECT_THAT(why(".events"), HasSubstr("begin with a letter or a digit"));
  EXPECT_THAT(why("events-%s"), HasSubstr("%Y %m %d %H"));
  EXPECT_THAT(why("events-%"), HasSubstr("%Y %m %d %H"));
  EXPECT_THAT(why("%Y-events"), HasSubstr("begin with a literal"));
  EXPECT_THAT(std::string(NamePattern::Check("events-%Y").message()), HasSubstr("can't contain %"));
}

}  // namespace
}  // namespace sparktail
