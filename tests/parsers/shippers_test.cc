// The ways in which other log shippers lose or double events, each by its number in the
// project's list of failures (docs/failures.md).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

using ::sparktail::testing::DataPath;
using ::sparktail::testing::MetricsOf;
using ::sparktail::testing::Outcome;
using ::sparktail::testing::Parse;
using ::sparktail::testing::ParseInPieces;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kStamp = "26/11/21 15:00:00 INFO ";

// A small progress event; `extra` are members that Spark might print.
std::string Json(const std::string& batch, const std::string& extra = "") {
  return "{\n  \"id\" : \"11111111-2222-3333-4444-555555555555\",\n"
         "  \"runId\" : \"66666666-7777-8888-9999-000000000000\",\n"
         "  \"name\" : null,\n  \"timestamp\" : \"2026-11-21T15:00:00.000Z\",\n"
         "  \"batchId\" : " +
         batch + ",\n" + extra +
         "  \"sources\" : [ ],\n  \"sink\" : {\n    \"description\" : \"s\"\n  }\n}";
}

std::string Progress(const std::string& batch, const std::string& extra = "") {
  return std::string(kStamp) +
         "MicroBatchExecution: Streaming query made progress: " + Json(batch, extra) + "\n";
}

std::string Noise() { return std::string(kStamp) + "TaskSetManager: Finished task 0.0\n"; }

// A partial line at the border of two reads is one line.
TEST(Shippers, F19_PartialLineAtTheBorderOfAReadIsOneLine) {
  const std::string log = Noise() + Progress("1") + Noise() + Progress("2");
  const Outcome expected = Parse(log);
  ASSERT_THAT(expected.documents, SizeIs(2));
  for (size_t first = 1; first < log.size(); ++first) {
    size_t calls = 0;
    const Outcome found = ParseInPieces(log, [&] { return calls++ == 0 ? first : log.size(); });
    EXPECT_THAT(found.documents, ElementsAreArray(expected.documents)) << first;
  }
}

// A killed JVM leaves its last line without a newline.
TEST(Shippers, F20_LastLineWithoutNewlineIsRead) {
  const std::string stop =
      std::string(kStamp) +
      "MicroBatchExecution: Query q [id = 11111111-2222-3333-4444-555555555555, runId = "
      "66666666-7777-8888-9999-000000000000] was stopped";
  EXPECT_THAT(Parse(Noise() + stop).documents, SizeIs(1));
  std::string progress = Progress("1");
  progress.pop_back();
  EXPECT_THAT(Parse(progress).documents, SizeIs(1));
}

// The part of an open record that was read is never an event: after a crash it is read again.
TEST(Shippers, F21_PositionOfAnOpenRecordIsItsBeginning) {
  const std::string log = Noise() + Progress("1");
  ByteBuffer bytes;
  bytes.Append(log);
  for (size_t cut = Noise().size() + 80; cut + 3 < log.size(); ++cut) {
    LogParser parser({}, testing::NoFacts(), testing::Scratch());
    EventBuffer events;
    parser.Parse(bytes.padded().Part(0, cut), /*last=*/false, &events);
    EXPECT_THAT(events.events, IsEmpty());
    EXPECT_EQ(parser.position().offset, Noise().size()) << cut;
  }
}

// CRLF and characters of several bytes at every border.
TEST(Shippers, F22_CrLfAndUtf8AtTheBorderOfAReadAreWhole) {
  std::string log = Noise() + Progress("1", "  \"x\" : \"запит ✓ 日本語 🎉\",\n") + Noise();
  for (size_t at = log.find('\n'); at != std::string::npos; at = log.find('\n', at + 2)) {
    log.insert(at, "\r");
  }
  const Outcome expected = Parse(log);
  ASSERT_THAT(expected.documents, SizeIs(1));
  EXPECT_THAT(expected.documents[0], HasSubstr("запит ✓ 日本語 🎉"));
  EXPECT_THAT(expected.documents[0], ::testing::Not(HasSubstr("invalidUtf8")));
  for (size_t size = 1; size < 40; ++size) {
    EXPECT_THAT(ParseInPieces(log, [&] { return size; }).documents,
                ElementsAreArray(expected.documents));
  }
}

TEST(Shippers, F22_CrLfLogsGiveTheSameProgress) {
  std::string log = testing::ReadFile(DataPath("3.5.9/fail.default.log"));
  const Outcome expected = Parse(log);
  std::string crlf;
  for (const char c : log) {
    if (c == '\n') crlf += '\r';
    crlf += c;
  }
  const Outcome found = Parse(crlf);
  ASSERT_THAT(found.documents, SizeIs(expected.documents.size()));
  for (size_t i = 0; i < found.documents.size(); ++i) {
    if (expected.documents[i].find("\"metrics\"") == std::string::npos) continue;
    EXPECT_EQ(MetricsOf(found.documents[i]), MetricsOf(expected.documents[i]));
  }
}

// An over-long record affects no other record, and is reported.
TEST(Shippers, F23_OverLongRecordsAreGivenUpAndReported) {
  ParserOptions options;
  options.max_event_bytes = 4096;
  const std::string log = Progress("1") +
                          Progress("2", "  \"x\" : \"" + std::string(5000, 'x') + "\",\n") +
                          Progress("3");
  const Outcome outcome = Parse(log, options);
  ASSERT_THAT(outcome.documents, SizeIs(3));
  EXPECT_THAT(outcome.documents[1], HasSubstr("\"reason\":\"max_event_bytes\""));
  EXPECT_THAT(outcome.documents[2], HasSubstr("\"batchId\":3"));
  EXPECT_EQ(outcome.stats.over_long, 1U);
  EXPECT_THAT(ParseInPieces(
                  log, [] { return size_t{1}; }, options)
                  .documents,
              ElementsAreArray(outcome.documents));
}

TEST(Shippers, F23_AnEndlessTraceIsCutAndReported) {
  ParserOptions options;
  options.max_event_bytes = 4096;
  std::string log =
      "26/11/21 15:00:00 ERROR MicroBatchExecution: Query [id = "
      "11111111-2222-3333-4444-555555555555, runId = 66666666-7777-8888-9999-000000000000] "
      "terminated with error\njava.lang.StackOverflowError: deep\n";
  for (int i = 0; i < 1000; ++i) log += "\tat a.b.C.d(C.java:1)\n";
  const Outcome outcome = Parse(log + Progress("1"), options);
  ASSERT_THAT(outcome.documents, SizeIs(2));
  EXPECT_THAT(outcome.documents[0], HasSubstr("\"truncated\":true"));
  EXPECT_LT(outcome.documents[0].size(), 6000U);
  EXPECT_THAT(ParseInPieces(
                  log + Progress("1"), [] { return size_t{1}; }, options)
                  .documents,
              ElementsAreArray(outcome.documents));
}

// A reader that pauses in mid-event for any time makes no event from it, and loses nothing.
TEST(Shippers, F24_NoTimerCutsAnEvent) {
  const std::string log = Progress("1") + Noise();
  LogParser parser({}, testing::NoFacts(), testing::Scratch());
  EventBuffer events;
  ByteBuffer bytes;
  bytes.Append(log);
  size_t fed = 150;
  for (int i = 0; i < 1000; ++i) {  // reads that bring nothing
    const size_t from = parser.offset();
    parser.Parse(bytes.padded().Part(from, fed - from), /*last=*/false, &events);
    EXPECT_THAT(events.events, IsEmpty());
  }
  const size_t from = parser.offset();
  parser.Parse(bytes.padded().Part(from, log.size() - from), /*last=*/true, &events);
  EXPECT_THAT(events.events, SizeIs(1));
}

// Braces and quotes in strings do not end an event.
TEST(Shippers, F28_BracesAndQuotesInStringsAreText) {
  const std::string extra =
      "  \"a\" : \"}\\n}\\n{ \\\" \\\\\",\n"
      "  \"description\" : \"RateStreamV2[rowsPerSecond=10, numPartitions=2\",\n"
      "  \"observedMetrics\" : {\n    \"}{\" : {\n      \"x\" : \"\\\"}\"\n    }\n  },\n";
  const Outcome outcome = Parse(Progress("1", extra) + Progress("2", extra));
  ASSERT_THAT(outcome.documents, SizeIs(2));
  EXPECT_THAT(outcome.documents[0], HasSubstr("{\"x\":\"\\\"}\"}"));
}

TEST(Shippers, F28_EventsLargerThanOthersBuffersAreWhole) {
  std::string partitions = "  \"p\" : {\n";
  for (int i = 0; i < 50'000; ++i) {
    partitions += "    \"" + std::to_string(i) + "\" : 123456789" + (i == 49'999 ? "\n" : ",\n");
  }
  const Outcome outcome = Parse(Progress("1", partitions + "  },\n"));
  ASSERT_THAT(outcome.documents, SizeIs(1));
  EXPECT_GT(outcome.documents[0].size(), 512U * 1024);
}

// Compact JSON, or braces that are not alone in their line, also end an event.
TEST(Shippers, F28_AnEventEndsWhereItsBracesEnd) {
  std::string compact = Json("1");
  std::erase(compact, '\n');
  const std::string head =
      std::string(kStamp) + "MicroBatchExecution: Streaming query made progress: ";
  const Outcome outcome =
      Parse(head + compact + "\n" + head + compact + " and more\n" + Progress("3"));
  EXPECT_THAT(outcome.documents, SizeIs(3));
}

// The next header, or the end of the log, ends an event that has no end of its own.
TEST(Shippers, F29_AnEventThatIsCutIsASignalAndTheNextIsRead) {
  const std::string whole = Progress("1");
  for (size_t cut = whole.find('{') + 1; cut + 2 < whole.size(); ++cut) {
    const Outcome outcome = Parse(whole.substr(0, cut) + "\n" + Noise() + Progress("2"));
    ASSERT_THAT(outcome.documents, SizeIs(2)) << cut;
    EXPECT_THAT(outcome.documents[0], HasSubstr("\"reason\":\"next_header\""));
    EXPECT_THAT(outcome.documents[1], HasSubstr("\"batchId\":2"));
    const Outcome at_end = Parse(whole.substr(0, cut));
    ASSERT_THAT(at_end.documents, SizeIs(1)) << cut;
    EXPECT_THAT(at_end.documents[0], HasSubstr("\"reason\":\"end_of_stream\""));
  }
}

TEST(Shippers, F29_ALineInTheMiddleOfAnEventCostsThatEventOnly) {
  std::string broken = Progress("1");
  broken.insert(broken.find("  \"runId\""), "[GC pause 3 ms]\n");
  const Outcome outcome = Parse(broken + Progress("2"));
  ASSERT_THAT(outcome.documents, SizeIs(2));
  EXPECT_THAT(outcome.documents[0], HasSubstr("\"reason\":\"malformed\""));
  EXPECT_THAT(outcome.documents[1], HasSubstr("\"batchId\":2"));
}

TEST(Shippers, F29_AMarkerBeforeTheClosingBraceBeginsAnotherEvent) {
  const std::string whole = Progress("1");
  const Outcome outcome = Parse(whole.substr(0, 200) + "\n" + Progress("2"));
  ASSERT_THAT(outcome.documents, SizeIs(2));
  EXPECT_THAT(outcome.documents[1], HasSubstr("\"batchId\":2"));
}

// The text of an exception may contain anything.
TEST(Shippers, FakeProgressInAStackTraceIsNone) {
  const std::string log = testing::ReadFile(DataPath("3.5.9/fail.default.log"));
  ASSERT_THAT(log, HasSubstr("\n{\n  \"id\" : \"not-a-progress\"\n}\n"));
  EXPECT_EQ(Parse(log).stats.events[0], 19U);
  const std::string trace =
      "26/11/21 15:00:00 ERROR Executor: Exception in task\njava.lang.Exception: Streaming query "
      "made progress: " +
      Json("1") + "\n\tat a.B.c(B.java:1)\n";
  EXPECT_THAT(Parse(trace).documents, IsEmpty());
}

TEST(Shippers, WordsInTheMiddleOfAMessageAreNoProgress) {
  const std::string log = std::string(kStamp) +
                          "MyApp: user said: Streaming query made progress: " + Json("1") + "\n" +
                          std::string(kStamp) +
                          "MyApp: 26/11/21 15:00:00 INFO MicroBatchExecution: Streaming query made "
                          "progress: " +
                          Json("2") + "\n";
  EXPECT_THAT(Parse(log).documents, IsEmpty());
}

TEST(Shippers, ForgedProgressIsCountedNotProgress) {
  const std::string good = Progress("1");
  const auto forge = [&](const std::string& what, const std::string& with) {
    std::string forged = good;
    forged.replace(forged.find(what), what.size(), with);
    return forged;
  };
  for (const std::string& forged :
       {forge("11111111-2222-3333-4444-555555555555", "me"),
        forge("66666666-7777-8888-9999-000000000000", "66666666x7777-8888-9999-000000000000"),
        forge("2026-11-21T15:00:00.000Z", "yesterday"), forge("\"sources\"", "\"source\""),
        forge("\"sink\" : {\n    \"description\" : \"s\"\n  }", "\"sink\" : 1"),
        forge("\"batchId\" : 1", "\"batchId\" : \"1\""),
        forge("\"name\" : null", "\"id\" : \"11111111-2222-3333-4444-555555555555\"")}) {
    const Outcome outcome = Parse(forged + Progress("2"));
    ASSERT_THAT(outcome.documents, SizeIs(1)) << forged;
    EXPECT_THAT(outcome.documents[0], HasSubstr("\"batchId\":2"));
    EXPECT_EQ(outcome.stats.not_progress, 1U);
  }
}

}  // namespace
}  // namespace sparktail
