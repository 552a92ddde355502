#include "sinks/sqlite/event_columns.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>

#include "parsers/byte_buffer.h"
#include "tests/support/corpus.h"

namespace sparktail {
namespace {

// The columns that have a value, as text.
using Columns = std::map<std::string, std::string>;

class EventColumnsTest : public ::testing::Test {
 protected:
  // Bytes after the document are not part of it.
  bool Read(std::string_view document) {
    bytes_.Clear();
    bytes_.Append(document);
    bytes_.Append("\n{\"kind\":\"another\",\"environment\":\"another\"}\n");
    return reader_.Read(bytes_.padded().Part(0, document.size()), &values_);
  }
  Columns ReadColumns(std::string_view document) {
    EXPECT_TRUE(Read(document)) << document;
    Columns columns;
    const auto* column = kEventColumnNames.begin();
    for (const EventValue& value : values_.all()) {
      const std::string name(*column++);
      if (const auto* text = std::get_if<std::string_view>(&value)) columns[name] = *text;
      if (const auto* n = std::get_if<int64_t>(&value)) columns[name] = std::to_string(*n);
      if (const auto* r = std::get_if<double>(&value)) columns[name] = std::to_string(*r) + "r";
    }
    return columns;
  }

  EventValuesReader reader_;
  EventValues values_;
  ByteBuffer bytes_;
};

TEST_F(EventColumnsTest, Progress) {
  EXPECT_EQ(ReadColumns(
                R"({"@timestamp":"2018-11-28T13:48:06.268Z","kind":"progress","id":"00",)"
                R"("environment":"pro",)"
                R"("appName":"an \"app\"","appId":"application_1_2","attempt":3,"containerId":"c",)"
                R"("deployMode":"cluster","running":true,"sparkVersion":"3.5.9",)"
                R"("source":{"name":"prod","path":"/logs/stderr","offset":268500891,"host":"w1"},)"
                R"("metrics":{"id":"q","runId":"r","name":"rates","timestamp":"x","batchId":7,)"
                R"("numInputRows":12345678901,"inputRowsPerSecond":1.5,"processedRowsPerSecond":2,)"
                R"("durationMs":{"addBatch":10,"triggerExecution":12},)"
                R"("eventTime":{"avg":"a","watermark":"2018-11-28T13:47:54.268Z"},)"
                R"("stateOperators":[{"numRowsTotal":1}],)"
                R"("sources":[{"name":"no","endOffset":{"t":{"0":1}}}]},)"
                R"("derived":{"stateRows":2635230,"stateBytes":924016415,)"
                R"("watermarkDelayMs":12000,"lagRows":0}})"),
            (Columns{{"time", "2018-11-28T13:48:06.268Z"},
                     {"kind", "progress"},
                     {"environment", "pro"},
                     {"app_name", "an \"app\""},
                     {"app_id", "application_1_2"},
                     {"attempt", "3"},
                     {"running", "1"},
                     {"spark_version", "3.5.9"},
                     {"source_name", "prod"},
                     {"source_path", "/logs/stderr"},
                     {"source_offset", "268500891"},
                     {"query", "rates"},
                     {"query_id", "q"},
                     {"query_name", "rates"},
                     {"run_id", "r"},
                     {"batch_id", "7"},
                     {"input_rows", "12345678901"},
                     {"input_rows_per_second", "1.500000r"},
                     {"processed_rows_per_second", "2.000000r"},
                     {"duration_ms", "12"},
                     {"add_batch_ms", "10"},
                     {"state_rows", "2635230"},
                     {"state_bytes", "924016415"},
                     {"lag_rows", "0"},
                     {"watermark", "2018-11-28T13:47:54.268Z"},
                     {"watermark_delay_ms", "12000"}}));
}

TEST_F(EventColumnsTest, QueryThatDied) {
  EXPECT_EQ(ReadColumns(R"({"kind":"query","running":false,"query":{"phase":"terminated","id":"q",)"
                        R"("runId":"r","attribution":"query"},"error":{"class":"a.B",)"
                        R"("message":"what\nhappened","stack":"…"},"log":{"level":"ERROR"}})"),
            (Columns{{"kind", "query"},
                     {"running", "0"},
                     {"phase", "terminated"},
                     {"query", "q"},
                     {"query_id", "q"},
                     {"run_id", "r"},
                     {"error_class", "a.B"},
                     {"message", "what\nhappened"}}));
}

TEST_F(EventColumnsTest, Signal) {
  EXPECT_EQ(ReadColumns(R"({"kind":"signal","running":true,"rule":"progress_incomplete",)"
                        R"("severity":"warning","message":"m","fields":{"message":"no"}})"),
            (Columns{{"kind", "signal"},
                     {"running", "1"},
                     {"rule", "progress_incomplete"},
                     {"severity", "warning"},
                     {"message", "m"}}));
}

TEST_F(EventColumnsTest, AWatermarkThatNobodySetIsNone) {
  EXPECT_EQ(ReadColumns(R"({"kind":"progress","metrics":{"eventTime":)"
                        R"({"watermark":"1970-01-01T00:00:00.000Z"}}})"),
            (Columns{{"kind", "progress"}}));
}

// Values that no column can hold are in the document, and only there.
TEST_F(EventColumnsTest, ValuesOfOtherTypesAreSkipped) {
  EXPECT_EQ(ReadColumns(
                R"({"kind":"progress","attempt":"3","running":"yes","source":[],)"
                R"("environment":null,"rule":7,"metrics":{"batchId":99999999999999999999,)"
                R"("numInputRows":1.5,"durationMs":null,"name":null,"id":"q",)"
                R"("observedMetrics":{"row":{"sum":123456789012345678901234567890,"e":1E999}}}})"),
            (Columns{{"kind", "progress"}, {"query", "q"}, {"query_id", "q"}}));
}

TEST_F(EventColumnsTest, HalfAPairOfSurrogatesStaysAsItIs) {
  EXPECT_EQ(ReadColumns(R"({"kind":"signal","message":"a \ud83d b","rule":"r"})"),
            (Columns{{"kind", "signal"}, {"message", R"(a \ud83d b)"}, {"rule", "r"}}));
}

TEST_F(EventColumnsTest, OtherJsonIsRejected) {
  for (const std::string_view text :
       {"", " ", "{", "[]", "7", "null", "{\"kind\":\"progress\"", "{\"kind\":\"progress\"}}",
        "{\"kind\" \"progress\"}", "{\"a\":{\"b\":1}", "{\"kind\":\"prog", "{\"a\":1,}",
        "{\"kind\":\"\xff\"}"}) {
    EXPECT_FALSE(Read(text)) << text;
  }
  EXPECT_TRUE(Read("{}"));
}

TEST_F(EventColumnsTest, AllDocumentsOfTheCorpusAreRead) {
  size_t count = 0;
  for (const std::string& name : testing::PlainLogs()) {
    const std::string text = testing::ReadFile(testing::DataPath(name + ".log"));
    for (const std::string& document : testing::Parse(text).documents) {
      const Columns columns = ReadColumns(document);
      EXPECT_TRUE(columns.contains("time")) << document;
      if (columns.at("kind") == "progress") {
        EXPECT_TRUE(columns.contains("batch_id")) << document;
        EXPECT_TRUE(columns.contains("input_rows")) << document;
      }
      ++count;
    }
  }
  EXPECT_GT(count, 500U);
}

}  // namespace
}  // namespace sparktail
