#include "ingest/sources/file/zone_evidence.h"

#include <gtest/gtest.h>

#include <string>

#include "ingest/base/time_zone.h"
#include "tests/support/corpus.h"

namespace sparktail {
namespace {

using testing::DataPath;
using testing::ReadFile;

// A progress event as Spark prints it.
std::string Record(const std::string& stamp, const std::string& timestamp, int64_t duration_ms) {
  return stamp +
         " INFO MicroBatchExecution: Streaming query made progress: {\n  \"id\" : \"x\",\n" +
         "  \"timestamp\" : \"" + timestamp + "\",\n  \"durationMs\" : {\n" +
         "    \"triggerExecution\" : " + std::to_string(duration_ms) + "\n  }\n}\n";
}

ZoneEvidence Of(const std::string& text, const std::string& zone) {
  ZoneEvidence evidence(FindTimeZone(zone).value());
  evidence.Look(text);
  return evidence;
}

TEST(ZoneEvidenceTest, ARealLogWasWrittenInUtc) {
  const std::string log = ReadFile(DataPath("3.5.9/basic.default.log"));
  const ZoneEvidence right = Of(log, "UTC");
  EXPECT_GE(right.events(), 20U);
  EXPECT_EQ(right.disagreeing(), 0U);
  EXPECT_GT(right.latest(), absl::FromCivil(absl::CivilDay(2026, 11, 21), absl::UTCTimeZone()));
  const ZoneEvidence wrong = Of(log, "Asia/Kolkata");
  EXPECT_EQ(wrong.disagreeing(), wrong.events());
  EXPECT_EQ(wrong.disagreeing_offset(), absl::ZeroDuration());
}

TEST(ZoneEvidenceTest, StampsWithTheirZoneProveNothing) {
  const ZoneEvidence evidence = Of(ReadFile(DataPath("3.5.9/basic.iso_thread.log")), "Asia/Tokyo");
  EXPECT_EQ(evidence.events(), 0U);
  EXPECT_GT(evidence.latest(), absl::InfinitePast());
}

TEST(ZoneEvidenceTest, TheOffsetOfTheStampsIsTold) {
  struct Case {
    const char* stamp;
    int64_t duration_ms;
    absl::Duration offset;
  };
  // An event of a trigger that began at 12:00:00Z.
  for (const Case& c : {
           Case{"26/07/01 12:00:03", 3000, absl::ZeroDuration()},
           Case{"26/07/01 14:00:05", 3000, absl::Hours(2)},
           Case{"26/07/01 17:30:04", 3000, absl::Minutes(330)},
           Case{"26/07/01 05:00:03", 3000, -absl::Hours(7)},
           Case{"26/07/01 08:30:09", 3000, -absl::Minutes(210)},
           Case{"26/07/02 00:45:00", 0, absl::Minutes(765)},
           // A trigger of three hours, written two minutes late.
           Case{"26/07/01 17:02:00", 3 * 3600 * 1000, absl::Hours(2)},
       }) {
    const ZoneEvidence evidence =
        Of(Record(c.stamp, "2026-07-01T12:00:00.000Z", c.duration_ms), "Pacific/Auckland");
    EXPECT_EQ(evidence.events(), 1U) << c.stamp;
    EXPECT_EQ(evidence.disagreeing(), 1U) << c.stamp;
    EXPECT_EQ(evidence.disagreeing_offset(), c.offset) << c.stamp;
  }
}

TEST(ZoneEvidenceTest, SummerTimeIsFollowed) {
  const std::string log = Record("26/03/29 01:59:59", "2026-03-29T00:59:57.000Z", 2000) +
                          Record("26/03/29 03:00:01", "2026-03-29T00:59:59.000Z", 2000);
  EXPECT_EQ(Of(log, "Europe/Madrid").disagreeing(), 0U);
  const ZoneEvidence evidence = Of(log, "Etc/GMT-1");
  EXPECT_EQ(evidence.events(), 2U);
  EXPECT_EQ(evidence.disagreeing(), 1U);
  EXPECT_EQ(evidence.disagreeing_offset(), absl::Hours(2));
}

TEST(ZoneEvidenceTest, LinesThatAreNoEventsProveNothing) {
  for (const std::string& text : {
           std::string(),
           std::string("Streaming query made progress: {"),
           Record("not a header", "2026-07-01T12:00:00.000Z", 1),
           Record("26/07/01 12:00:03", "yesterday", 1),
           Record("26/07/01 12:00:03", "2026-07-01T12:00:00.000Z", -1),
           Record("26/07/01 12:00:03", "2026-07-01T12:00:00.000Z", 1).substr(0, 120),
           std::string("26/07/01 12:00:03 INFO A: Streaming query made progress: {\n}\n"),
           std::string("26/07/01 12:00:03 INFO A: made progress: {\n \"timestamp\" : \"\n}\n"),
       }) {
    EXPECT_EQ(Of(text, "UTC").events(), 0U) << text;
  }
}

TEST(ZoneEvidenceTest, OffsetsAreReadable) {
  EXPECT_EQ(FormatOffset(absl::ZeroDuration()), "+00:00");
  EXPECT_EQ(FormatOffset(absl::Minutes(330)), "+05:30");
  EXPECT_EQ(FormatOffset(-absl::Hours(7)), "-07:00");
}

}  // namespace
}  // namespace sparktail
