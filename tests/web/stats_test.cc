#include "ingest/web/stats.h"

#include <gtest/gtest.h>

namespace sparktail {
namespace {

TEST(StatsTest, IsAListOfNamesAndValues) {
  ParserStats stats;
  stats.bytes = 172870;
  stats.records = 1671;
  stats.events = {20, 8, 1};
  stats.not_progress = 2;
  stats.incomplete = 3;
  stats.malformed = 4;
  stats.over_long = 5;
  stats.restored = 6;
  EXPECT_EQ(FormatStats(stats, 0.1),
            "bytes: 172870\n"
            "records: 1671\n"
            "events: 29 (progress 20, query 8, signal 1)\n"
            "skipped: not_progress 2, incomplete 3, malformed 4, over_long 5, long_lines 0\n"
            "truncated: 0\n"
            "restored: 6\n"
            "speed: 1.7 MB/s\n");
}

TEST(StatsTest, NothingInNoTimeIsStillWritten) {
  EXPECT_EQ(FormatStats(ParserStats(), 0),
            "bytes: 0\n"
            "records: 0\n"
            "events: 0 (progress 0, query 0, signal 0)\n"
            "skipped: not_progress 0, incomplete 0, malformed 0, over_long 0, long_lines 0\n"
            "truncated: 0\n"
            "restored: 0\n"
            "speed: 0.0 MB/s\n");
}

TEST(StatsTest, LargeFiguresAreWrittenInFull) {
  ParserStats stats;
  stats.bytes = UINT64_MAX;
  EXPECT_NE(FormatStats(stats, 1e-9).find("bytes: 18446744073709551615\n"), std::string::npos);
}

TEST(StatsTest, ARunReportsEachSinksEvents) {
  ParserStats parsed;
  parsed.events = {21, 8, 1};
  parsed.malformed = 4;
  parsed.restored = 6;
  PipelineStatus status;
  status.sources.resize(2);
  status.sources[0].read_bytes = 1000;
  status.sources[1].read_bytes = 234;
  status.sources[1].lost_bytes = 5;
  status.sinks.resize(2);
  status.sinks[0].name = "file";
  status.sinks[0].events = 30;
  status.sinks[0].bytes = 4711;
  status.sinks[0].lost_bytes = 7;
  status.sinks[1].name = "history";
  status.sinks[1].events = 29;
  status.sinks[1].bytes = 4700;
  status.sinks[1].dead_letters = 1;
  EXPECT_EQ(FormatRunStats(parsed, status),
            "bytes: 1234\n"
            "events: 30 (progress 21, query 8, signal 1)\n"
            "skipped: not_progress 0, incomplete 0, malformed 4, over_long 0, long_lines 0\n"
            "truncated: 0\n"
            "restored: 6\n"
            "lost_bytes: 5\n"
            "sink file: events 30, bytes 4711, dead_letters 0, lost_bytes 7\n"
            "sink history: events 29, bytes 4700, dead_letters 1\n");
}

TEST(StatsTest, AddingAddsEveryFigure) {
  ParserStats one;
  one.bytes = 1;
  one.records = 2;
  one.events = {3, 4, 5};
  one.not_progress = 6;
  one.incomplete = 7;
  one.malformed = 8;
  one.over_long = 9;
  one.long_lines = 11;
  one.restored = 10;
  ParserStats sum = one;
  sum.Add(one);
  EXPECT_EQ(FormatStats(sum, 1),
            "bytes: 2\n"
            "records: 4\n"
            "events: 24 (progress 6, query 8, signal 10)\n"
            "skipped: not_progress 12, incomplete 14, malformed 16, over_long 18, long_lines 22\n"
            "truncated: 0\n"
            "restored: 20\n"
            "speed: 0.0 MB/s\n");
  EXPECT_EQ(sum.long_lines, 22U);
  EXPECT_EQ(sum.total(), 24U);
}

}  // namespace
}  // namespace sparktail
