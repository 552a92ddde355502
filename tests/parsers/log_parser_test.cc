#include "parsers/log_parser.h"

#include <absl/time/time.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

using ::sparktail::testing::DataPath;
using ::sparktail::testing::Outcome;
using ::sparktail::testing::Parse;
using ::sparktail::testing::ParseInPieces;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

void ExpectSame(const Outcome& found, const Outcome& expected, const std::string& what) {
  EXPECT_THAT(found.documents, ElementsAreArray(expected.documents)) << what;
  EXPECT_EQ(found.stats.bytes, expected.stats.bytes) << what;
  EXPECT_EQ(found.stats.records, expected.stats.records) << what;
  EXPECT_EQ(found.stats.not_progress, expected.stats.not_progress) << what;
  EXPECT_EQ(found.stats.restored, expected.stats.restored) << what;
}

ParserOptions Counting() {
  ParserOptions options;
  options.count_records = true;
  return options;
}

TEST(LogParser, ByteByByteIsTheSameInAllLogs) {
  for (const std::string& name : testing::PlainLogs()) {
    const std::string log = testing::ReadFile(DataPath(name + ".log"));
    // The inner loop takes the small ones.
    if (testing::Scale() < 10 && log.size() > 300'000) continue;
    ExpectSame(ParseInPieces(
                   log, [] { return size_t{1}; }, Counting()),
               Parse(log, Counting()), name);
  }
}

TEST(LogParser, RandomPiecesAreTheSameInAllLogs) {
  std::mt19937_64 random(testing::Seed());
  for (const std::string& name : testing::PlainLogs()) {
    const std::string log = testing::ReadFile(DataPath(name + ".log"));
    const Outcome expected = Parse(log, Counting());
    for (int i = 0; i < 3 * testing::Scale(); ++i) {
      const size_t largest = size_t{1} << (random() % 18);
      ExpectSame(ParseInPieces(
                     log, [&] { return 1 + random() % largest; }, Counting()),
                 expected, name);
    }
  }
}

TEST(LogParser, EveryBufferSizeIsTheSame) {
  const std::string log = testing::ReadFile(DataPath("3.5.9/fail.default.log"));
  const Outcome expected = Parse(log);
  const size_t step = testing::Scale() >= 10 ? 1 : 37;
  for (size_t size = 64; size <= 4096; size += step) {
    ExpectSame(ParseInPieces(log, [&] { return size; }), expected, std::to_string(size));
  }
}

TEST(LogParser, BufferSizesAreTheSameInAllLogs) {
  for (const std::string& name : testing::PlainLogs()) {
    const std::string log = testing::ReadFile(DataPath(name + ".log"));
    const Outcome expected = Parse(log);
    for (const size_t size : {64U, 100U, 511U, 1024U, 4096U}) {
      ExpectSame(ParseInPieces(log, [&] { return size; }), expected, name);
    }
  }
}

TEST(LogParser, KeepsLittleOfNoise) {
  LogParser parser({}, testing::NoFacts(), testing::Scratch());
  EventBuffer events;
  ByteBuffer noise;
  noise.Append("first line\n");
  for (int i = 0; i < 100; ++i) {
    noise.Append(std::string(10'000, 'x'));
    const std::string_view text = noise.view();
    const size_t from = parser.offset();
    const PaddedView window = noise.padded().Part(from, text.size() - from);
    parser.Parse(window, /*last=*/false, &events);
    EXPECT_LT(noise.size() - parser.offset(), kMaxHeaderBytes + 200);
  }
}

// Ids need the whole first line; a line that is longer than a record may be is skipped. A hole is
// not part of a line.
TEST(LogParser, NothingIsReadOfAFirstLineThatIsNotComplete) {
  ParserOptions options;
  options.max_event_bytes = 1024;
  const std::string idle =
      "26/11/21 15:00:01 INFO MicroBatchExecution: Streaming query has been idle and waiting for "
      "new data more than 10000 ms.\n";
  const struct {
    size_t size;
    char fill, last;
    size_t documents;
  } kCases[] = {
      {100, 'x', '\0', 2}, {5000, 'x', '\0', 2}, {5000, '\0', '\0', 2}, {5000, 'x', ' ', 1}};
  for (const auto& [size, fill, last, documents] : kCases) {
    const std::string log = std::string(size, fill) + last + idle + idle;
    const Outcome whole = Parse(log, options);
    EXPECT_EQ(whole.documents.size(), documents);
    ExpectSame(ParseInPieces(
                   log, [] { return size_t{1}; }, options),
               whole, "pieces");
    for (size_t cut = 1; cut < size + 100; ++cut) {
      LogParser parser(options, testing::NoFacts(), testing::Scratch());
      EventBuffer events;
      ByteBuffer bytes;
      bytes.Append(log);
      parser.Parse(bytes.padded().Part(0, cut), /*last=*/false, &events);
      EXPECT_EQ(parser.position().offset, 0U);
      EXPECT_TRUE(events.events.empty());
    }
  }
}

TEST(LogParser, PositionMovesOverNoise) {
  LogParser parser({}, testing::NoFacts(), testing::Scratch());
  EventBuffer events;
  ByteBuffer text;
  text.Append("26/11/21 15:00:00 INFO A: one\n26/11/21 15:00:01 INFO B: two\n  more\n26/11");
  parser.Parse(text.padded(), /*last=*/false, &events);
  EXPECT_EQ(parser.position().offset, 30U);
}

TEST(LogParser, RecordsAreCountedIfAsked) {
  const std::string log =
      "no header\n26/11/21 15:00:00 INFO A: one\n\tat frame\nglued26/11/21 15:00:01 INFO B: two\n";
  EXPECT_EQ(Parse(log, Counting()).stats.records, 2U);
  EXPECT_EQ(Parse(log).stats.records, 0U);
}

// The records after a banner belong to another application.
TEST(LogParser, BannerBeginsANewIdentity) {
  const auto driver = [](const std::string& version, const std::string& name,
                         const std::string& run) {
    return "26/11/21 15:00:00 INFO SparkContext: Running Spark version " + version +
           "\n26/11/21 15:00:01 INFO SparkContext: Submitted application: " + name +
           "\n26/11/21 15:00:01 INFO Executor: Running Spark version 9.9.9"
           "\n26/11/21 15:00:02 INFO MicroBatchExecution: Query q [id = " +
           run + ", runId = " + run + "] was stopped\n";
  };
  const Outcome outcome =
      Parse(driver("3.5.9", "first", "00000000-0000-0000-0000-000000000001") +
            "26/11/21 15:00:00 INFO SparkContext: Running Spark version 4.0.0\n"
            "26/11/21 15:00:02 INFO MicroBatchExecution: Query q [id = "
            "00000000-0000-0000-0000-000000000002, runId = 00000000-0000-0000-0000-000000000002] "
            "was stopped\n");
  ASSERT_EQ(outcome.documents.size(), 2U);
  EXPECT_THAT(outcome.documents[0], HasSubstr("\"appName\":\"first\""));
  EXPECT_THAT(outcome.documents[0], HasSubstr("\"sparkVersion\":\"3.5.9\""));
  EXPECT_THAT(outcome.documents[1], ::testing::Not(HasSubstr("appName")));
  EXPECT_THAT(outcome.documents[1], HasSubstr("\"sparkVersion\":\"4.0.0\""));
}

// The application master logs before the banner of the driver that runs in it.
TEST(LogParser, AttemptIsKeptOverTheBannerOfTheSameDriver) {
  const std::string head =
      "26/11/21 15:33:05 INFO ApplicationMaster: ApplicationAttemptId: "
      "appattempt_1795275091581_0001_000002\n"
      "26/11/21 15:33:05 INFO ApplicationMaster: Starting the user application in a separate "
      "Thread\n";
  const std::string driver =
      "26/11/21 15:33:08 INFO SparkContext: Running Spark version 3.5.3\n"
      "26/11/21 15:33:09 INFO MicroBatchExecution: Query q [id = "
      "00000000-0000-0000-0000-000000000001, runId = 00000000-0000-0000-0000-000000000001] was "
      "stopped\n";
  const Outcome outcome = Parse(head + driver + driver);
  ASSERT_EQ(outcome.documents.size(), 2U);
  EXPECT_THAT(outcome.documents[0],
              HasSubstr("\"appId\":\"application_1795275091581_0001\",\"attempt\":2,"
                        "\"deployMode\":\"cluster\""));
  EXPECT_THAT(outcome.documents[1], ::testing::Not(HasSubstr("appId")));
}

TEST(LogParser, ClientModeIsKnownFromTheDriversOwnYarnClient) {
  const std::string client =
      "26/11/21 15:33:09 INFO YarnClientImpl: Submitted application application_1_0007\n";
  const std::string stop =
      "26/11/21 15:33:09 INFO MicroBatchExecution: Query q [id = "
      "00000000-0000-0000-0000-000000000001, runId = 00000000-0000-0000-0000-000000000001] was "
      "stopped\n";
  EXPECT_THAT(
      Parse("26/11/21 15:33:08 INFO SparkContext: Running Spark version 3.5.3\n" + client + stop)
          .documents[0],
      HasSubstr("\"appId\":\"application_1_0007\",\"deployMode\":\"client\""));
  EXPECT_THAT(Parse(client + stop).documents[0], ::testing::Not(HasSubstr("deployMode")));
}

TEST(LogParser, IdleBelongsToTheOnlyQuery) {
  const std::string banner = "26/11/21 15:00:00 INFO SparkContext: Running Spark version 3.5.9\n";
  const auto start = [](const std::string& id) {
    return "26/11/21 15:00:00 INFO MicroBatchExecution: Starting q" + id +
           " [id = 00000000-0000-0000-0000-00000000000" + id +
           ", runId = 10000000-0000-0000-0000-00000000000" + id +
           "]. Use file:/ck to store the query checkpoint.\n";
  };
  const std::string idle =
      "26/11/21 15:00:01 INFO MicroBatchExecution: Streaming query has been idle and waiting for "
      "new data more than 10000 ms.\n";
  EXPECT_THAT(Parse(banner + start("1") + idle).documents.back(),
              HasSubstr("\"phase\":\"idle\",\"id\":\"00000000-0000-0000-0000-000000000001\""));
  EXPECT_THAT(Parse(banner + start("1") + start("2") + idle).documents.back(),
              HasSubstr("\"attribution\":\"app\""));
  // Without the banner there may be queries that the log does not name.
  EXPECT_THAT(Parse(start("1") + idle).documents.back(), HasSubstr("\"attribution\":\"app\""));
  const Outcome two = Parse(banner + start("1") + idle + idle);
  EXPECT_NE(two.documents[1].substr(40, 80), two.documents[2].substr(40, 80)) << "ids are equal";
}

// A stack trace quotes messages verbatim.
TEST(LogParser, AStampInATraceDoesNotEndIt) {
  const std::string head =
      "26/11/21 15:00:00 ERROR MicroBatchExecution: Query [id = "
      "00000000-0000-0000-0000-000000000001, runId = 00000000-0000-0000-0000-000000000001] "
      "terminated with error\n";
  const std::string trace =
      "java.io.IOException: remote said: 2026-11-21 15:34:03,123 ERROR foo - x\n"
      "\tat a.B.c(26/11/21 15:00:00 INFO A: b)\n"
      "Caused by: x.Y: 26/11/21 15:00:00 INFO A: b\n";
  const Outcome outcome = Parse(head + trace + "26/11/21 15:00:01 INFO A: b\n");
  ASSERT_EQ(outcome.documents.size(), 1U);
  EXPECT_THAT(outcome.documents[0], HasSubstr("\"class\":\"java.io.IOException\""));
  EXPECT_THAT(outcome.documents[0], HasSubstr("Caused by: x.Y: 26/11/21"));
}

// After an unreadable start the query of an idle line is unknown, however the log is cut.
TEST(LogParser, AnUnreadStartLeavesNothingCertain) {
  const std::string head = "26/11/21 15:00:00 INFO ";
  const std::string ids =
      "[id = 00000000-0000-0000-0000-000000000001, runId = 10000000-0000-0000-0000-000000000001]";
  const std::string log =
      head + "SparkContext: Running Spark version 3.5.9\n" + head +
      "MicroBatchExecution: Starting q " + ids + ". Use file:/ck to store the query checkpoint.\n" +
      head +
      "MicroBatchExecution: Starting two\nlines [id = ]. Use x to store the query checkpoint.\n" +
      head + "MicroBatchExecution: Starting it to store the query checkpoint.\n" + head +
      "MicroBatchExecution: Streaming query has been idle and waiting for new data more than 1 "
      "ms.\n";
  const Outcome whole = Parse(log);
  EXPECT_THAT(whole.documents.back(), HasSubstr("\"attribution\":\"app\""));
  for (size_t size = 1; size < 300; ++size) {
    ExpectSame(ParseInPieces(log, [&] { return size; }), whole, std::to_string(size));
  }
}

TEST(LogParser, WordsElsewhereThanInAMessageAreCounted) {
  EXPECT_EQ(Parse("26/11/21 15:00:00 INFO A: echo Streaming query made progress: {}\n"
                  "\tat x Streaming query made progress: {\n")
                .stats.not_progress,
            2U);
}

TEST(LogParser, StopOfAQueryThatHadEndedIsNoNews) {
  const std::string ids =
      "[id = 00000000-0000-0000-0000-000000000001, runId = 00000000-0000-0000-0000-000000000001]";
  const std::string terminated = "26/11/21 15:00:00 ERROR MicroBatchExecution: Query " + ids +
                                 " terminated with error\n" +
                                 "java.lang.IllegalStateException: no\n\tat a.B.c(B.java:1)\n";
  const std::string stopped =
      "26/11/21 15:00:01 INFO MicroBatchExecution: Query " + ids + " was stopped\n";
  const Outcome outcome = Parse(terminated + stopped + stopped);
  ASSERT_EQ(outcome.documents.size(), 1U);
  EXPECT_THAT(outcome.documents[0],
              HasSubstr("\"error\":{\"class\":\"java.lang.IllegalStateException\",\"message\":"
                        "\"no\",\"stack\":\"java.lang.IllegalStateException: no\\n\\tat "
                        "a.B.c(B.java:1)\"}"));
}

TEST(LogParser, EventsHaveTheirTimeAndPlace) {
  const std::string log = testing::ReadFile(DataPath("3.5.9/fail.default.log"));
  LogParser parser({}, testing::NoFacts(), testing::Scratch());
  EventBuffer events;
  ByteBuffer bytes;
  bytes.Append(log);
  parser.Parse(bytes.padded(), /*last=*/true, &events);
  EXPECT_EQ(events.events.size(), 31U);
  for (const EventRef& event : events.events) {
    const std::string document(events.document(event));
    absl::Time time;
    std::string error;
    ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, document.substr(15, 24), &time, &error));
    EXPECT_EQ(event.time_ms, absl::ToUnixMillis(time)) << document;
    EXPECT_THAT(document, HasSubstr("\"offset\":" + std::to_string(event.offset) + "}"));
    EXPECT_TRUE(event.offset == 0 || log[event.offset - 1] == '\n');
  }
}

TEST(LogParser, AnEventWithoutATimeSaysSo) {
  EventBuffer events;
  ByteBuffer bytes;
  bytes.Append(
      "1969-12-31 23:59:59,999 INFO MicroBatchExecution: Streaming query has been idle and waiting "
      "for new data more than 10000 ms.\n");
  LogParser parser({}, testing::NoFacts(), testing::Scratch());
  parser.Parse(bytes.padded(), /*last=*/true, &events);
  ASSERT_EQ(events.events.size(), 1U);
  EXPECT_EQ(events.events[0].time_ms, kNoTime);
}

TEST(LogParser, TheContextVersionChangesWithTheContext) {
  for (const std::string& name : testing::PlainLogs()) {
    const std::string log = testing::ReadFile(DataPath(name + ".log"));
    ByteBuffer bytes;
    bytes.Append(log);
    LogParser parser({}, testing::NoFacts(), testing::Scratch());
    EventBuffer events;
    ParserContext context = parser.position().context;
    uint32_t version = parser.context_version();
    size_t superfluous = 0;
    for (size_t end = 0; end < log.size();) {
      end = std::min(log.size(), end + 200);
      parser.Parse(bytes.padded().Part(parser.offset(), end - parser.offset()),
                   /*last=*/end == log.size(), &events);
      const ParserContext now = parser.position().context;
      if (parser.context_version() == version) {
        ASSERT_TRUE(now == context) << name << " before " << end;
      } else if (now == context) {
        ++superfluous;
      }
      context = now;
      version = parser.context_version();
    }
    EXPECT_LT(superfluous, 10U) << name;
  }
}

// A parser that begins in the middle of a stream without the hash of its first line.
TEST(LogParser, AMissingHashOfTheFirstLineIsHarmless) {
  const std::string idle =
      "26/11/21 15:00:01 INFO MicroBatchExecution: Streaming query has been idle and waiting for "
      "new data more than 10000 ms.\n";
  const std::string stop =
      "26/11/21 15:00:02 INFO MicroBatchExecution: Query q [id = "
      "00000000-0000-0000-0000-000000000001, runId = 00000000-0000-0000-0000-000000000001] was "
      "stopped\n";
  const std::string log = "first line\n" + idle + stop + idle;
  const Outcome whole = Parse(log);
  ParsePosition middle;
  middle.offset = 11;
  const Outcome rest = Parse(log, {}, middle);
  ASSERT_EQ(rest.documents.size(), whole.documents.size());
  EXPECT_EQ(rest.documents[1], whole.documents[1]);
  EXPECT_NE(rest.documents[0], whole.documents[0]);
  EXPECT_THAT(rest.documents[2], HasSubstr("\"phase\":\"idle\""));
  EXPECT_THAT(rest.documents[2],
              HasSubstr("\"offset\":" + std::to_string(11 + idle.size() + stop.size())));
  FirstLineHash hash;
  hash.Feed(log);
  middle.context.first_line_hash = hash.hex();
  EXPECT_THAT(Parse(log, {}, middle).documents, ElementsAreArray(whole.documents));
}

}  // namespace
}  // namespace sparktail
