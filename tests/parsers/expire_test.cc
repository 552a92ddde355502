// LogParser::Expire(): silence ends records.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

using ::sparktail::testing::DataPath;
using ::sparktail::testing::Scratch;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kIds =
    "[id = 11111111-2222-3333-4444-555555555555, runId = 66666666-7777-8888-9999-000000000000]";
const std::string kNoise = "26/11/21 15:00:00 INFO TaskSetManager: Finished task 0.0\n";
const std::string kTerminated = "26/11/21 15:00:00 ERROR MicroBatchExecution: Query " +
                                std::string(kIds) + " terminated with error\n";
const std::string kStopped =
    "26/11/21 15:00:01 INFO MicroBatchExecution: Query " + std::string(kIds) + " was stopped\n";

std::string Progress() {
  return "26/11/21 15:00:00 INFO MicroBatchExecution: Streaming query made progress: {\n"
         "  \"id\" : \"11111111-2222-3333-4444-555555555555\",\n"
         "  \"runId\" : \"66666666-7777-8888-9999-000000000000\",\n"
         "  \"timestamp\" : \"2026-11-21T15:00:00.000Z\",\n  \"batchId\" : 1,\n"
         "  \"sources\" : [ ],\n  \"sink\" : {\n    \"description\" : \"s\"\n  }\n}\n";
}

// A log that grows, and its parser.
class Tail {
 public:
  explicit Tail(const std::string& log = {}, const ParsePosition& from = {})
      : parser_({}, testing::NoFacts(), Scratch(), from) {
    bytes_.Append(log);
  }

  // The log has grown to its first `end` bytes.
  void GrowTo(size_t end) {
    const size_t from = parser_.offset();
    parser_.Parse(bytes_.padded().Part(from, end - from), /*last=*/false, &events_);
    end_ = end;
  }
  void Append(std::string_view text) {
    bytes_.Append(text);
    GrowTo(bytes_.size());
  }
  void Silence() {
    const size_t from = parser_.offset();
    parser_.Expire(bytes_.padded().Part(from, end_ - from), &events_);
  }
  void End() {
    const size_t from = parser_.offset();
    parser_.Parse(bytes_.padded().Part(from, bytes_.size() - from), /*last=*/true, &events_);
  }

  const LogParser& parser() const { return parser_; }
  size_t count() const { return events_.events.size(); }
  std::string document(size_t i) const { return std::string(events_.document(events_.events[i])); }
  std::string id(size_t i) const { return std::string(View(events_.events[i].id)); }

 private:
  ByteBuffer bytes_;
  LogParser parser_;
  EventBuffer events_;
  size_t end_ = 0;
};

// `tail` has the events [first, …) of `whole`, byte by byte except the one at `expired`.
void ExpectSame(const Tail& tail, const Tail& whole, size_t first, size_t expired) {
  ASSERT_EQ(first + tail.count(), whole.count());
  for (size_t i = 0; i < tail.count(); ++i) {
    ASSERT_EQ(tail.id(i), whole.id(first + i));
    if (first + i != expired) {
      ASSERT_EQ(tail.document(i), whole.document(first + i));
    }
  }
}

// Expires a log once, at each byte in turn. Each event comes once, only the ended trace may be
// shorter than in the uncut run, and a parser that resumes from the position makes the same events
// from the rest. Silence ends something at `least` places.
void ExpireEverywhere(const std::string& name, size_t least) {
  const std::string log = testing::ReadFile(DataPath(name + ".log"));
  Tail whole(log);
  whole.End();
  Tail tail(log);
  size_t expired = 0;
  for (size_t cut = 1; cut < log.size(); ++cut) {
    SCOPED_TRACE(name + " at " + std::to_string(cut));
    tail.GrowTo(cut);
    if (!tail.parser().CanExpire()) {
      const ParsePosition before = tail.parser().position();
      const size_t count = tail.count();
      tail.Silence();
      ASSERT_EQ(tail.count(), count);
      ASSERT_EQ(tail.parser().position().offset, before.offset);
      continue;
    }
    Tail interrupted(log, tail.parser().position());
    interrupted.GrowTo(cut);
    interrupted.Silence();
    if (interrupted.count() == 0) continue;  // a line that is not whole
    ++expired;
    ASSERT_EQ(interrupted.count(), 1U);
    EXPECT_FALSE(interrupted.parser().has_open_record());
    ASSERT_GT(interrupted.parser().position().offset, tail.parser().position().offset);
    Tail resumed(log, interrupted.parser().position());
    resumed.End();
    ASSERT_NO_FATAL_FAILURE(ExpectSame(resumed, whole, tail.count() + 1, SIZE_MAX));
    interrupted.End();
    ASSERT_NO_FATAL_FAILURE(ExpectSame(interrupted, whole, tail.count(), tail.count()));
  }
  EXPECT_GE(expired, least) << name;
}

TEST(Expire, AtEveryByteEachEventComesOnce) {
  ExpireEverywhere("3.5.9/oom.default", 1000);
  ExpireEverywhere("3.5.9/avail.default", 5);
  if (testing::Scale() < 10) return;
  ExpireEverywhere("3.5.9/fail.default", 1000);
  ExpireEverywhere("3.1.3/fail.pid_prefix", 1000);
  ExpireEverywhere("4.3.0/fail.default", 1000);
}

TEST(Expire, RandomSilencesGiveTheEventsOfTheUncutRun) {
  std::mt19937_64 random(testing::Seed());
  for (const std::string& name : testing::PlainLogs()) {
    const std::string log = testing::ReadFile(DataPath(name + ".log"));
    Tail whole(log);
    whole.End();
    for (int i = 0; i < 2 * testing::Scale(); ++i) {
      SCOPED_TRACE(name);
      Tail tail(log);
      const size_t largest = size_t{1} << (6 + random() % 10);
      for (size_t end = 0; end < log.size();) {
        end = std::min(log.size(), end + 1 + random() % largest);
        tail.GrowTo(end);
        if (random() % 2 == 0) tail.Silence();
      }
      tail.End();
      ASSERT_EQ(tail.count(), whole.count());
      for (size_t event = 0; event < whole.count(); ++event) {
        ASSERT_EQ(tail.id(event), whole.id(event));
        if (whole.document(event).find("\"error\":") != std::string::npos) continue;
        ASSERT_EQ(tail.document(event), whole.document(event));
      }
    }
  }
}

TEST(Expire, ATraceIsCompleteAfterSilence) {
  Tail tail(kNoise);
  tail.Append(kTerminated + "java.lang.IllegalStateException: no\n\tat a.B.c(B.java:1)\n");
  EXPECT_TRUE(tail.parser().has_open_record());
  EXPECT_TRUE(tail.parser().CanExpire());
  EXPECT_EQ(tail.count(), 0U);
  tail.Silence();
  ASSERT_EQ(tail.count(), 1U);
  EXPECT_THAT(tail.document(0), HasSubstr("no\\n\\tat a.B.c(B.java:1)\"}"));
  EXPECT_FALSE(tail.parser().has_open_record());
  EXPECT_FALSE(tail.parser().CanExpire());
  EXPECT_EQ(tail.parser().position().offset, tail.parser().offset());
  tail.Silence();
  EXPECT_EQ(tail.count(), 1U);
}

TEST(Expire, LateLinesAreCountedAndMakeNoEvent) {
  Tail tail(kNoise);
  tail.Append(kTerminated + "java.lang.IllegalStateException: no\n");
  tail.Silence();
  tail.Append("\tat a.B.c(B.java:1)\n\tat a.B.d(");
  EXPECT_EQ(tail.parser().stats().late_lines, 1U);
  tail.Append("B.java:2)\n");
  EXPECT_EQ(tail.parser().stats().late_lines, 2U);
  tail.Append("\n" + kNoise + "no header, but not of that record\n");
  EXPECT_EQ(tail.count(), 1U);
  EXPECT_EQ(tail.parser().stats().late_lines, 2U);
}

TEST(Expire, LateLinesAreCountedHoweverTheyCome) {
  const std::string log = kNoise + kTerminated;
  const std::string late = "java.lang.E: no\r\n\r\n\tat " + std::string(20'000, 'x') + "\n\tat b\n";
  for (const size_t piece : {1U, 7U, 1000U, 100'000U}) {
    Tail tail(log);
    tail.GrowTo(log.size());
    tail.Silence();
    for (size_t at = 0; at < late.size(); at += piece) tail.Append(late.substr(at, piece));
    tail.Append(kNoise + late);
    tail.End();
    EXPECT_EQ(tail.parser().stats().late_lines, 3U) << piece;
    EXPECT_EQ(tail.count(), 1U);
  }
}

// An incomplete last line of a trace may be the beginning of the next header.
TEST(Expire, AnIncompleteLineOfATraceStaysWhereItIs) {
  const std::string trace = kTerminated + "java.lang.IllegalStateException: no\n";
  for (size_t cut = 1; cut < kStopped.size(); ++cut) {
    Tail tail(kNoise);
    tail.Append(trace + kStopped.substr(0, cut));
    tail.Silence();
    ASSERT_EQ(tail.count(), 1U) << cut;
    EXPECT_THAT(tail.document(0), HasSubstr("IllegalStateException: no\"}")) << cut;
    tail.Append(kStopped.substr(cut) + Progress());
    ASSERT_EQ(tail.count(), 2U) << cut;  // the query had ended before
    EXPECT_THAT(tail.document(1), HasSubstr("\"kind\":\"progress\"")) << cut;
    EXPECT_EQ(tail.parser().stats().late_lines, 0U) << cut;
  }
}

// A killed JVM leaves its last line without a newline.
TEST(Expire, AWholeLineWithoutItsNewlineIsAnEvent) {
  const std::string head = "26/11/21 15:00:00 INFO MicroBatchExecution: ";
  const std::vector<std::string> lines = {
      head + "Query q " + std::string(kIds) + " was stopped",
      head + "Starting q " + std::string(kIds) + ". Use file:/ck to store the query checkpoint.",
      head + "Query q " + std::string(kIds) + " terminated with error",
      head + "Streaming query has been idle and waiting for new data more than 10000 ms.",
      head + "Resuming at batch 5 with committed offsets {a: 1} and available offsets {a: 2}"};
  for (const std::string& line : lines) {
    for (const std::string end : {"\n", "\r\n", " \n"}) {
      Tail whole(kNoise + line + end + kStopped + Progress());
      whole.End();
      Tail tail(kNoise + line);
      tail.GrowTo(kNoise.size() + line.size());
      EXPECT_EQ(tail.count(), 0U);
      EXPECT_TRUE(tail.parser().CanExpire());
      tail.Silence();
      ASSERT_EQ(tail.count(), 1U) << line;
      EXPECT_EQ(tail.parser().position().offset, kNoise.size() + line.size());
      tail.Append(end + kStopped + Progress());
      tail.End();
      ASSERT_EQ(tail.count(), whole.count());
      for (size_t i = 0; i < whole.count(); ++i) {
        if (end == " \n" && i == 0) continue;  // the id of an idle line depends on the whole line
        EXPECT_EQ(tail.document(i), whole.document(i));
      }
    }
  }
}

TEST(Expire, ALineThatIsNotWholeWaits) {
  const std::string head = kNoise + "26/11/21 15:00:00 INFO MicroBatchExecution: ";
  for (const std::string line :
       {"Streaming query has been idle and waiting for new data more than 100",
        "Resuming at batch 5", "Resuming at batch 5 with committed offsets {a: {b: 1}}",
        "Resuming at batch 5 with committed offsets {} and available offsets {a: {b: 1}",
        "Resuming streaming query, starting with batch 5", "Running Spark version 3.5",
        "Submitted application: my"}) {
    Tail tail(head + line);
    tail.GrowTo(head.size() + line.size());
    for (int i = 0; i < 3; ++i) {
      tail.Silence();
      EXPECT_EQ(tail.count(), 0U) << line;
      EXPECT_FALSE(tail.parser().CanExpire()) << line;
      EXPECT_EQ(tail.parser().position().offset, kNoise.size()) << line;
    }
    Tail whole(head + line + " and more\n" + Progress());
    whole.End();
    tail.Append(" and");
    tail.Append(" more\n" + Progress());
    tail.End();
    ASSERT_EQ(tail.count(), whole.count()) << line;
    for (size_t i = 0; i < whole.count(); ++i) EXPECT_EQ(tail.document(i), whole.document(i));
  }
}

TEST(Expire, MoreOfALineThatWaitedMayMakeItWhole) {
  const std::string line =
      "26/11/21 15:00:00 INFO MicroBatchExecution: Streaming query has been idle and waiting for "
      "new data more than 10000";
  Tail tail(kNoise + line);
  tail.GrowTo(kNoise.size() + line.size());
  tail.Silence();
  EXPECT_FALSE(tail.parser().CanExpire());
  tail.GrowTo(kNoise.size() + line.size());
  EXPECT_FALSE(tail.parser().CanExpire());
  tail.Append(" ms.");
  EXPECT_TRUE(tail.parser().CanExpire());
  tail.Silence();
  EXPECT_EQ(tail.count(), 1U);
}

TEST(Expire, ProgressIsNeverEnded) {
  const std::string progress = Progress();
  const size_t complete = progress.rfind('}') + 1;
  for (size_t cut = 1; cut < complete; ++cut) {
    Tail tail(kNoise);
    tail.Append(progress.substr(0, cut));
    EXPECT_FALSE(tail.parser().CanExpire()) << cut;
    tail.Silence();
    ASSERT_EQ(tail.count(), 0U) << cut;
    ASSERT_LE(tail.parser().position().offset, kNoise.size()) << cut;
    tail.Append(progress.substr(cut));
    ASSERT_EQ(tail.count(), 1U) << cut;
    EXPECT_THAT(tail.document(0), HasSubstr("\"kind\":\"progress\""));
  }
}

// Text in the middle of an event makes the parser wait for the next header, also after silence.
TEST(Expire, BrokenProgressIsNeverEnded) {
  std::string progress = Progress();
  progress.insert(progress.find("  \"runId\""), "[GC pause 3 ms]\n" + std::string(9000, 'x'));
  Tail tail(kNoise);
  tail.Append(progress);
  EXPECT_TRUE(tail.parser().has_open_record());
  EXPECT_FALSE(tail.parser().CanExpire());
  tail.Silence();
  EXPECT_EQ(tail.count(), 0U);
  tail.Append(kNoise);
  ASSERT_EQ(tail.count(), 1U);
  EXPECT_THAT(tail.document(0), HasSubstr("progress_incomplete"));
}

// Silence ends a trace and the last line without a newline after it.
TEST(Expire, ContinuesAfterTheEndedRecord) {
  Tail tail(kNoise);
  const std::string resumed =
      "26/11/21 15:00:02 INFO MicroBatchExecution: Resuming at batch 5 with committed offsets {} "
      "and available offsets {}";
  tail.Append(kTerminated + "java.lang.E: no\n" + resumed);
  EXPECT_EQ(tail.count(), 0U);
  tail.Silence();
  ASSERT_EQ(tail.count(), 2U);
  EXPECT_THAT(tail.document(0), HasSubstr("\"phase\":\"terminated\""));
  EXPECT_THAT(tail.document(1), HasSubstr("\"phase\":\"resumed\""));
}

TEST(Expire, NothingIsEndedBeforeTheFirstLineIsComplete) {
  std::string line = kStopped;
  line.pop_back();
  Tail tail(line);
  tail.GrowTo(line.size());
  EXPECT_FALSE(tail.parser().CanExpire());
  tail.Silence();
  EXPECT_EQ(tail.count(), 0U);
  EXPECT_EQ(tail.parser().position().offset, 0U);
  tail.Append("\n");
  EXPECT_EQ(tail.count(), 1U);
}

TEST(Expire, DoesNothingWithAnEmptyWindow) {
  Tail tail;
  tail.Silence();
  EXPECT_EQ(tail.count(), 0U);
  EXPECT_THAT(tail.parser().position().context.ToJson(), Not(HasSubstr("true")));
}

}  // namespace
}  // namespace sparktail
