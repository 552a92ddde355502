#include "parsers/event_values.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <string_view>

#include "parsers/log_parser.h"
#include "tests/support/corpus.h"

namespace sparktail {
namespace {

EventBuffer ParseAndHandOn(const std::string& log, const StreamFacts& facts) {
  ByteBuffer bytes;
  bytes.Append(log);
  ParserOptions options;
  options.hand_on_numbers = true;
  ParserScratch scratch;
  LogParser parser(options, facts, &scratch);
  EventBuffer events;
  parser.Parse(bytes.padded(), /*last=*/true, &events);
  return events;
}

StreamFacts Facts() {
  StreamFacts facts;
  facts.environment = "a \"pro\"";
  facts.source_name = "prod";
  facts.path = "/logs/\xff/stderr";
  facts.identity.attempt = "3";
  return facts;
}

// The values that are handed on are those of the document. Returns how many events had some.
size_t CheckAll(const EventBuffer& events) {
  EventValuesReader of_event;
  EventValuesReader of_document;
  EventValues handed_on;
  EventValues read;
  size_t count = 0;
  for (const EventRef& event : events.events) {
    count += events.progress_numbers(event) != nullptr;
    EXPECT_TRUE(of_event.Read(events, event, &handed_on));
    EXPECT_TRUE(
        of_document.Read(events.bytes.padded().Part(event.begin, event.end - event.begin), &read));
    EXPECT_EQ(handed_on.all(), read.all()) << events.document(event);
  }
  return count;
}

size_t CountProgress(const EventBuffer& events) {
  size_t count = 0;
  for (const EventRef& event : events.events) count += event.kind == EventKind::kProgress;
  return count;
}

// A progress event. The texts replace its first line after id and runId.
std::string Progress(const std::string& members, const std::string& more = "") {
  return "26/11/21 15:34:03 INFO MicroBatchExecution: Streaming query made progress: {\n"
         "  \"id\" : \"11111111-2222-3333-4444-000000000001\",\n"
         "  \"runId\" : \"11111111-2222-3333-4444-000000000002\",\n"
         "  \"timestamp\" : \"2026-11-21T15:34:00.000Z\",\n  " +
         members + "\"sources\" : [ ], " + more + "\"sink\" : { \"description\" : \"x\" }\n}\n";
}

const ProgressNumbers* Only(const EventBuffer& events) {
  EXPECT_EQ(CountProgress(events), 1U);
  return events.progress_numbers(events.events.front());
}

TEST(EventValuesTest, AllNumbersOfTheCorpusAreHandedOnAsTheDocumentsHaveThem) {
  size_t count = 0;
  for (const std::string& name : testing::PlainLogs()) {
    const EventBuffer events =
        ParseAndHandOn(testing::ReadFile(testing::DataPath(name + ".log")), Facts());
    const size_t handed_on = CheckAll(events);
    EXPECT_EQ(handed_on, CountProgress(events)) << name;
    count += handed_on;
  }
  EXPECT_GT(count, 400U);
}

TEST(EventValuesTest, NothingIsHandedOnUnlessItIsAskedFor) {
  ByteBuffer bytes;
  bytes.Append(Progress("\"batchId\" : 7, "));
  ParserScratch scratch;
  LogParser parser(ParserOptions(), Facts(), &scratch);
  EventBuffer events;
  parser.Parse(bytes.padded(), /*last=*/true, &events);
  EXPECT_EQ(Only(events), nullptr);
  EXPECT_TRUE(events.numbers.empty());
}

TEST(EventValuesTest, ZeroIsNotMissing) {
  const EventBuffer events = ParseAndHandOn(
      Progress("\"batchId\" : 0, \"numInputRows\" : 0, \"inputRowsPerSecond\" : 0.0, "
               "\"durationMs\" : { \"addBatch\" : 0 }, "),
      Facts());
  ASSERT_NE(Only(events), nullptr);
  EXPECT_EQ(Only(events)->batch_id, 0);
  EXPECT_EQ(Only(events)->input_rows, 0);
  EXPECT_EQ(Only(events)->input_rate, 0.0);
  EXPECT_EQ(Only(events)->processed_rate, std::nullopt);
  EXPECT_EQ(Only(events)->add_batch_ms, 0);
  EXPECT_EQ(Only(events)->trigger_execution_ms, std::nullopt);
  EXPECT_EQ(CheckAll(events), 1U);
  EventValuesReader reader;
  EventValues values;
  ASSERT_TRUE(reader.Read(events, events.events.front(), &values));
  EXPECT_EQ(values.number(EventField::kInputRows), 0);
  EXPECT_TRUE(std::isnan(values.number(EventField::kDuration)));
  EXPECT_EQ(values.text(EventField::kQueryName), "");
}

TEST(EventValuesTest, ValuesOfOtherTypesAreMissing) {
  for (const char* members :
       {"\"name\" : 7, \"batchId\" : 1, \"numInputRows\" : \"5\", ",
        "\"batchId\" : 1, \"numInputRows\" : 5.0, \"inputRowsPerSecond\" : \"NaN\", ",
        "\"batchId\" : 1, \"numInputRows\" : 99999999999999999999, \"inputRowsPerSecond\" : "
        "1E999, ",
        "\"batchId\" : 1, \"numInputRows\" : null, \"processedRowsPerSecond\" : 7, ",
        "\"batchId\" : 1, \"numInputRows\" : [ 1 ], \"durationMs\" : 5, \"eventTime\" : null, ",
        "\"batchId\" : 1, \"durationMs\" : { \"addBatch\" : { }, \"triggerExecution\" : true }, ",
        "\"batchId\" : 1, \"eventTime\" : { \"watermark\" : 5 }, ",
        "\"name\" : \"n\", \"batchId\" : 1, \"inputRowsPerSecond\" : -1.5e-3, ",
        "\"batchId\" : -0, \"eventTime\" : { \"watermark\" : \"1970-01-01T00:00:00.000Z\" }, "}) {
    const EventBuffer events = ParseAndHandOn(Progress(members), Facts());
    EXPECT_EQ(CheckAll(events), 1U) << members;
  }
}

// JSON that Spark does not print: readers find the values in the document.
TEST(EventValuesTest, TextsWithEscapesAndRepeatedKeysAreNotHandedOn) {
  for (const char* members :
       {"\"name\" : \"a \\u0041\", \"batchId\" : 1, ", "\"name\" : \"\", \"batchId\" : 1, ",
        "\"name\" : \"\\ud83d\", \"batchId\" : 1, ",
        "\"batchId\" : 1, \"num\\u0049nputRows\" : 5, ",
        "\"batchId\" : 1, \"numInputRows\" : 5, \"numInputRows\" : \"x\", ",
        "\"batchId\" : 1, \"durationMs\" : { \"addBatch\" : 1, \"addBatch\" : null }, ",
        "\"batchId\" : 1, \"durationMs\" : { \"add\\u0042atch\" : 1 }, ",
        "\"batchId\" : 1, \"eventTime\" : { \"watermark\" : \"a\", \"watermark\" : 1 }, ",
        "\"batchId\" : 1, \"eventTime\" : { \"watermark\" : \"\\n\" }, "}) {
    const EventBuffer events = ParseAndHandOn(Progress(members), Facts());
    EXPECT_EQ(Only(events), nullptr) << members;
    EXPECT_EQ(CheckAll(events), 0U) << members;
  }
}

TEST(EventValuesTest, NumbersStayWithTheirEvents) {
  std::string log;
  for (int batch = 0; batch < 6; ++batch) {
    log += Progress("\"batchId\" : " + std::to_string(batch) + ", ");
    log +=
        "26/11/21 15:34:04 INFO MicroBatchExecution: Streaming query has been idle and waiting for "
        "new data more than 10000 ms.\n";
  }
  EventBuffer events = ParseAndHandOn(log, Facts());
  ASSERT_EQ(events.numbers.size(), 6U);
  size_t number = 0;
  events.KeepIf([&](const EventRef&) { return number++ % 3 != 0; });
  EXPECT_EQ(CheckAll(events), 4U);
  EXPECT_EQ(events.numbers.size(), 4U);
}

}  // namespace
}  // namespace sparktail
