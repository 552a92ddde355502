// Records of log4j between which, and into which, other processes wrote: the recorded races of
// tests/data/race, and the same done to a progress event.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <vector>

#include "parsers/foreign_text.h"
#include "tests/support/corpus.h"

namespace sparktail {
namespace {

using ::sparktail::testing::DataPath;
using ::sparktail::testing::MetricsOf;

constexpr std::string_view kWords = "Streaming query made progress: ";

// The object that the racing program logged under this id: every fourth one is large.
std::string ExpectedJson(const std::string& id) {
  const int number = std::stoi(id.substr(id.find('-') + 1));
  const size_t size = number % 4 == 0 ? 24'000 : 600;
  std::string text = std::string(kWords) + "{\n  \"id\" : \"" + id + "\",\n";
  for (int n = 0; text.size() < size; ++n) {
    text += "  \"k" + std::to_string(n) + "\" : \"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv\",\n";
  }
  return text.substr(kWords.size()) + "  \"end\" : 1\n}";
}

struct Race {
  std::string log;
  std::vector<size_t> records;  // where the headers begin
};

Race ReadRace(const std::string& name) {
  Race race{testing::ReadFile(DataPath("race/" + name)), {}};
  for (size_t at = race.log.find(kWords); at != std::string::npos;
       at = race.log.find(kWords, at + 1)) {
    static constexpr size_t kPrefix = sizeof("26/11/21 15:00:00 INFO MicroBatchExecution: ") - 1;
    race.records.push_back(at - kPrefix);
  }
  return race;
}

class RecordedRace : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Corpus, RecordedRace,
                         ::testing::Values("log4j2-2.20-jvm.log.zst", "log4j2-2.20-python.log.zst"),
                         [](const ::testing::TestParamInfo<std::string>& race) {
                           return "race" + std::to_string(race.index);
                         });

// Each record reads as it was logged, if need be after lifting. A record that cannot be restored is
// reported as such, and never becomes another one.
TEST_P(RecordedRace, EveryRecordIsWholeOrRestoredExactly) {
  const Race race = ReadRace(GetParam());
  ASSERT_GT(race.records.size(), 1500U);
  size_t restored = 0;
  size_t broken = 0;
  for (size_t i = 0; i < race.records.size(); ++i) {
    const size_t begin = race.records[i];
    const size_t end = i + 1 < race.records.size() ? race.records[i + 1] : race.log.size();
    const std::string_view record = std::string_view(race.log).substr(begin, end - begin);
    const size_t json = record.find('{');
    const size_t id = record.find("\"id\" : \"") + 8;
    const std::string expected =
        ExpectedJson(std::string(record.substr(id, record.find('"', id) - id)));
    if (record.substr(json, expected.size()) == expected) continue;
    ++broken;
    ByteBuffer out;
    if (LiftForeignText(record, json, &out)) {
      ++restored;
      EXPECT_EQ(out.view(), expected);
    }
  }
  RecordProperty("broken", static_cast<int>(broken));
  RecordProperty("restored", static_cast<int>(restored));
  EXPECT_GT(broken, 0U);
  EXPECT_EQ(restored, broken);
}

// The recorded objects are not Spark's, so none becomes an event, but each is counted.
TEST_P(RecordedRace, EveryRecordIsAccountedFor) {
  const Race race = ReadRace(GetParam());
  const testing::Outcome outcome = testing::Parse(race.log);
  EXPECT_EQ(outcome.stats.not_progress, race.records.size());
  EXPECT_EQ(outcome.stats.malformed + outcome.stats.incomplete, 0U);
}

// A progress event of a Kafka source with many partitions, as Spark prints it.
std::string LargeProgress(int batch) {
  std::string offsets = "{\n      \"events\" : {\n";
  for (int i = 0; i < 700; ++i) {
    offsets += "        \"" + std::to_string(i) + "\" : " + std::to_string(1'000'000 + i * 17) +
               (i == 699 ? "\n" : ",\n");
  }
  offsets += "      }\n    }";
  return "{\n  \"id\" : \"11111111-2222-3333-4444-555555555555\",\n"
         "  \"runId\" : \"66666666-7777-8888-9999-000000000000\",\n  \"name\" : \"wide\",\n"
         "  \"timestamp\" : \"2026-11-21T15:00:00.000Z\",\n  \"batchId\" : " +
         std::to_string(batch) +
         ",\n  \"numInputRows\" : 1,\n  \"stateOperators\" : [ ],\n  \"sources\" : [ {\n"
         "    \"description\" : \"KafkaV2[Subscribe[events]]\",\n    \"startOffset\" : " +
         offsets + ",\n    \"endOffset\" : " + offsets + ",\n    \"latestOffset\" : " + offsets +
         "\n  } ],\n  \"sink\" : {\n    \"description\" : \"s\"\n  }\n}";
}

std::string Record(int batch) {
  return "26/11/21 15:00:00 INFO MicroBatchExecution: " + std::string(kWords) +
         LargeProgress(batch) + "\n";
}

TEST(Race, ProgressIsRestoredAndNothingAfterItIsLost) {
  const std::string whole = Record(1) + Record(2) + Record(3);
  std::string raced;
  for (int batch = 1; batch <= 3; ++batch) {
    std::string record = Record(batch);
    for (size_t piece = record.size() / kLog4jPiece; piece > 0; --piece) {
      record.insert(piece * kLog4jPiece, "driver says hello " + std::to_string(piece) + "\n");
    }
    raced += record;
  }
  const testing::Outcome expected = testing::Parse(whole);
  const testing::Outcome found = testing::Parse(raced);
  ASSERT_EQ(expected.documents.size(), 3U);
  ASSERT_EQ(found.documents.size(), 3U);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(MetricsOf(found.documents[i]), MetricsOf(expected.documents[i]));
  }
  EXPECT_EQ(found.stats.restored, 3U);
  for (const size_t size : {1U, 100U, 4096U}) {
    EXPECT_EQ(testing::ParseInPieces(raced, [&] { return size; }).documents, found.documents);
  }
}

TEST(Race, AnEventThatCannotBeRestoredIsASignalAndNothingElseIsLost) {
  std::string broken = Record(2);
  broken.insert(5000, "not at the end of a piece\n");
  const testing::Outcome outcome = testing::Parse(Record(1) + broken + Record(3));
  ASSERT_EQ(outcome.documents.size(), 3U);
  EXPECT_THAT(outcome.documents[1], ::testing::HasSubstr("\"rule\":\"progress_incomplete\""));
  EXPECT_THAT(outcome.documents[1], ::testing::HasSubstr("\"reason\":\"malformed\""));
  EXPECT_THAT(outcome.documents[2], ::testing::HasSubstr("\"batchId\":3"));
  EXPECT_EQ(outcome.stats.malformed, 1U);
}

// Text of a log4j header glued to another writer's line begins the record in mid-line. Pieces are
// counted from there, if headers of this log are known to begin with their stamp.
TEST(Race, PiecesAreCountedFromTheHeaderOfAGluedRecord) {
  std::string record = Record(2);
  record.insert(kLog4jPiece, "hello\n");
  const std::string glued = "print without end" + record;
  const testing::Outcome known = testing::Parse(Record(1) + glued);
  ASSERT_EQ(known.documents.size(), 2U);
  EXPECT_EQ(known.stats.restored, 1U);
  EXPECT_EQ(MetricsOf(known.documents[1]), MetricsOf(testing::Parse(Record(2)).documents[0]));
  const testing::Outcome unknown = testing::Parse(glued);
  EXPECT_EQ(unknown.stats.restored, 0U);
  EXPECT_EQ(unknown.stats.malformed, 1U);
}

TEST(Race, PiecesAreCountedFromThePrefixThatALayoutPrints) {
  const std::string prefix = "[123] [container_e12_1700000000000_0042_01_000001] ";
  std::string record = prefix + Record(1);
  record.insert(kLog4jPiece, "hello\n");
  EXPECT_EQ(testing::Parse(record).stats.restored, 1U);
  EXPECT_EQ(testing::Parse("glued " + record).stats.restored, 0U);
}

// Lines that read as JSON may still be another writer's.
TEST(Race, LinesThatSparkWouldNotPrintAreNotTakenForItsOwn) {
  for (const std::string foreign : {"\n", "0\n", "0\n,\n", "true\n"}) {
    int batch = 1;
    for (int digits = 1; digits < 9; ++digits, batch *= 10) {  // so the piece ends elsewhere
      std::string record = Record(batch);
      record.insert(2 * kLog4jPiece, "print\n");
      record.insert(kLog4jPiece, foreign);
      const testing::Outcome outcome = testing::Parse(record);
      ASSERT_EQ(outcome.documents.size(), 1U);
      if (outcome.stats.events[0] == 0) continue;
      EXPECT_EQ(MetricsOf(outcome.documents[0]),
                MetricsOf(testing::Parse(Record(batch)).documents[0]))
          << foreign << digits;
    }
  }
}

// The sums are over what the log proves even when text was lifted out of it.
TEST(Race, RestoredProgressIsValidJson) {
  std::string record = Record(7);
  record.insert(2 * kLog4jPiece, "a\nb\n");
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  ASSERT_FALSE(parser.parse(testing::Parse(record).documents.at(0)).get(document));
  int64_t lag = -1;
  ASSERT_FALSE(document["derived"]["lagRows"].get(lag));
  EXPECT_EQ(lag, 0);
}

}  // namespace
}  // namespace sparktail
