#include "parsers/progress.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>

#include "tests/support/corpus.h"

namespace sparktail {
namespace {

constexpr std::string_view kId = "c6c49b04-df5d-4289-b257-bc3b57d2a0d3";
constexpr std::string_view kRunId = "2458fbb7-83b6-4dc8-995f-c18d2776ee39";

// A reader and the text that its last progress views.
class Reading {
 public:
  explicit Reading(std::string_view json) { code_ = Read(json); }

  ProgressCode Read(std::string_view json) {
    text_.Clear();
    text_.Append(json);
    return code_ = reader_.Read(text_.padded(), &progress_);
  }

  ProgressCode code() const { return code_; }
  const Progress& operator*() const { return progress_; }
  const Progress* operator->() const { return &progress_; }

 private:
  ByteBuffer text_;
  ProgressReader reader_;
  Progress progress_;
  ProgressCode code_ = ProgressCode::kMalformed;
};

ProgressCode CodeOf(std::string_view json) { return Reading(json).code(); }

// A progress object with these texts for its parts.
struct Parts {
  std::string id = "\"" + std::string(kId) + "\"";
  std::string run_id = "\"" + std::string(kRunId) + "\"";
  std::string name = "\"to-kafka\"";
  std::string timestamp = "\"2026-11-21T15:45:53.034Z\"";
  std::string batch_id = "7";
  std::string event_time;
  std::string state_operators = "[ ]";
  std::string sources = "[ ]";
  std::string sink = "{ \"description\" : \"noop\" }";
  std::string more;  // whole members, each followed by a comma

  std::string Json() const {
    return "{\n  \"id\" : " + id + ",\n  \"runId\" : " + run_id + ",\n  \"name\" : " + name +
           ",\n  \"timestamp\" : " + timestamp + ",\n  \"batchId\" : " + batch_id + ",\n  " + more +
           (event_time.empty() ? "" : "\"eventTime\" : " + event_time + ",\n  ") +
           "\"stateOperators\" : " + state_operators + ",\n  \"sources\" : " + sources +
           ",\n  \"sink\" : " + sink + "\n}";
  }
};

std::string With(std::string Parts::*part, std::string text) {
  Parts parts;
  parts.*part = std::move(text);
  return parts.Json();
}

Derived DerivedOf(std::string Parts::*part, std::string text) {
  const Reading reading(With(part, std::move(text)));
  EXPECT_EQ(reading.code(), ProgressCode::kProgress);
  return reading->derived;
}

TEST(ProgressTest, ReadsWhatSparkPrints) {
  const Reading reading(Parts().Json());
  ASSERT_EQ(reading.code(), ProgressCode::kProgress);
  EXPECT_EQ(reading->id, kId);
  EXPECT_EQ(reading->run_id, kRunId);
  EXPECT_EQ(reading->name, "to-kafka");
  EXPECT_EQ(reading->timestamp, "2026-11-21T15:45:53.034Z");
  EXPECT_EQ(reading->timestamp_ms, 1795275953034);
  EXPECT_EQ(reading->batch_id, "7");
  EXPECT_FALSE(reading->invalid_utf8);
  EXPECT_EQ(reading->metrics,
            R"({"id":"c6c49b04-df5d-4289-b257-bc3b57d2a0d3",)"
            R"("runId":"2458fbb7-83b6-4dc8-995f-c18d2776ee39","name":"to-kafka",)"
            R"("timestamp":"2026-11-21T15:45:53.034Z","batchId":7,"stateOperators":[],)"
            R"("sources":[],"sink":{"description":"noop"}})");
}

TEST(ProgressTest, NamesStayRaw) {
  EXPECT_EQ(Reading(With(&Parts::name, "null"))->name, "");
  EXPECT_EQ(Reading(With(&Parts::name, R"("a \"b\" \\ \t ✓ \u20ac")"))->name,
            R"(a \"b\" \\ \t ✓ \u20ac)");
}

TEST(ProgressTest, NumbersStayAsTheyArePrinted) {
  const std::string more =
      "\"a\" : 1.0E-4,\n \"b\" : 12345678901234567890123456789012345678.5,\n \"c\" : 1E400,\n"
      " \"d\" : -0.0,\n \"e\" : 0.1e+2,\n \"f\" : 99999999999999999999,\n";
  const Reading reading(With(&Parts::more, more));
  ASSERT_EQ(reading.code(), ProgressCode::kProgress);
  EXPECT_NE(reading->metrics.find(
                "\"a\":1.0E-4,\"b\":12345678901234567890123456789012345678.5,\"c\":1E400,"
                "\"d\":-0.0,\"e\":0.1e+2,\"f\":99999999999999999999,"),
            std::string_view::npos);
}

TEST(ProgressTest, UnknownKeysAndTheirOrderStay) {
  const std::string more =
      "\"zeta\" : { \"b\" : [ true, false, null ], \"a\" : \" two  spaces \\u00e9 \" },\n"
      "\"\" : [ [ ], { } ], \"k\\\"ey\" : 1, \"zeta\" : 2,\n";
  const Reading reading(With(&Parts::more, more));
  ASSERT_EQ(reading.code(), ProgressCode::kProgress);
  EXPECT_NE(reading->metrics.find(R"("zeta":{"b":[true,false,null],"a":" two  spaces \u00e9 "},)"
                                  R"("":[[],{}],"k\"ey":1,"zeta":2,)"),
            std::string_view::npos);
}

TEST(ProgressTest, BytesThatAreNoUtf8AreReplacedAndReported) {
  const Reading reading(With(&Parts::name, "\"a\xff\xE2\x82z\""));
  ASSERT_EQ(reading.code(), ProgressCode::kProgress);
  EXPECT_TRUE(reading->invalid_utf8);
  EXPECT_EQ(reading->name, "a\xEF\xBF\xBD\xEF\xBF\xBDz");
  EXPECT_NE(reading->metrics.find("a\xEF\xBF\xBD\xEF\xBF\xBDz"), std::string_view::npos);
}

TEST(ProgressTest, OldVersionsHaveNoBatchId) {
  std::string json = Parts().Json();
  const size_t at = json.find("\"batchId\"");
  json.erase(at, json.find('\n', at) - at);
  const Reading reading(json);
  EXPECT_EQ(reading.code(), ProgressCode::kProgress);
  EXPECT_EQ(reading->batch_id, "");
}

TEST(ProgressTest, StateIsTheSumOverItsOperators) {
  struct Case {
    const char* operators;
    std::optional<int64_t> rows;
    std::optional<int64_t> bytes;
  };
  static const Case kCases[] = {
      {"[ ]", 0, 0},
      {R"([ { "operatorName" : "x", "numRowsTotal" : 10, "memoryUsedBytes" : 500 } ])", 10, 500},
      {R"([ { "numRowsTotal" : 10, "memoryUsedBytes" : 500 },
            { "memoryUsedBytes" : 1, "custom" : { "numRowsTotal" : 99 }, "numRowsTotal" : 5 } ])",
       15, 501},
      // A value that one operator lacks makes the sum unknown.
      {R"([ { "numRowsTotal" : 10 }, { "numRowsTotal" : 5, "memoryUsedBytes" : 1 } ])", 15,
       std::nullopt},
      {R"([ { } ])", std::nullopt, std::nullopt},
      {R"([ { "numRowsTotal" : null, "memoryUsedBytes" : 1.5 } ])", std::nullopt, std::nullopt},
      {R"([ { "numRowsTotal" : "7", "memoryUsedBytes" : 1 } ])", std::nullopt, 1},
      {R"([ 7 ])", std::nullopt, std::nullopt},
      {R"([ { "numRowsTotal" : 9223372036854775807, "memoryUsedBytes" : 1 },
            { "numRowsTotal" : 1, "memoryUsedBytes" : 9223372036854775808 } ])",
       std::nullopt, std::nullopt},
  };
  for (const Case& c : kCases) {
    const Derived derived = DerivedOf(&Parts::state_operators, c.operators);
    EXPECT_EQ(derived.state_rows, c.rows) << c.operators;
    EXPECT_EQ(derived.state_bytes, c.bytes) << c.operators;
  }
}

TEST(ProgressTest, StateThatIsNoListIsUnknown) {
  for (const char* state : {"null", "7", "{ }", "\"x\""}) {
    const Derived derived = DerivedOf(&Parts::state_operators, state);
    EXPECT_EQ(derived.state_rows, std::nullopt) << state;
    EXPECT_EQ(derived.state_bytes, std::nullopt) << state;
  }
}

TEST(ProgressTest, WithoutStateOperatorsStateIsUnknown) {
  std::string json = Parts().Json();
  const size_t at = json.find("\"stateOperators\"");
  json.erase(at, json.find('\n', at) - at);
  const Reading reading(json);
  ASSERT_EQ(reading.code(), ProgressCode::kProgress);
  EXPECT_EQ(reading->derived.state_rows, std::nullopt);
  EXPECT_EQ(reading->derived.state_bytes, std::nullopt);
}

TEST(ProgressTest, WatermarkDelayIsTheTriggersStartLessTheWatermark) {
  struct Case {
    const char* event_time;
    std::optional<int64_t> delay;
  };
  static const Case kCases[] = {
      {R"({ "avg" : "x", "watermark" : "2026-11-21T15:45:41.034Z" })", 12000},
      {R"({ "watermark" : "2026-11-21T15:45:53.034Z" })", 0},
      {R"({ "watermark" : "2026-11-21T15:45:54.034Z" })", -1000},
      // No event has set it yet.
      {R"({ "watermark" : "1970-01-01T00:00:00.000Z" })", std::nullopt},
      {R"({ "watermark" : "yesterday" })", std::nullopt},
      {R"({ "watermark" : 7 })", std::nullopt},
      {R"({ "watermark" : null })", std::nullopt},
      {R"({ })", std::nullopt},
      {R"([ ])", std::nullopt},
      {"", std::nullopt},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(DerivedOf(&Parts::event_time, c.event_time).watermark_delay_ms, c.delay)
        << c.event_time;
  }
}

std::string Source(std::string_view end, std::string_view latest) {
  return R"({ "description" : "KafkaV2[Subscribe[t]]", "startOffset" : null, "endOffset" : )" +
         std::string(end) + ", \"latestOffset\" : " + std::string(latest) + " }";
}

TEST(ProgressTest, KafkaLagIsTheSumOverPartitionsInAnyOrder) {
  struct Case {
    std::string sources;
    std::optional<int64_t> lag;
  };
  const std::string one = R"({ "t" : { "0" : 5 } })";
  const Case cases[] = {
      {Source(one, one), 0},
      {Source(one, R"({ "t" : { "0" : 12 } })"), 7},
      {Source(R"({ "a" : { "2" : 1, "10" : 2, "0" : 3 }, "b" : { "0" : 4 } })",
              R"({ "b" : { "0" : 14 }, "a" : { "0" : 13, "2" : 11, "10" : 12 } })"),
       40},
      {Source(one, R"({ "t" : { "0" : 6 } })") + ", " +
           Source(R"({ "u" : { "0" : 1 } })", R"({ "u" : { "0" : 3 } })"),
       3},
      // Same partition in the order latest, end.
      {R"({ "latestOffset" : { "t" : { "0" : 9 } }, "endOffset" : { "t" : { "0" : 5 } } })", 4},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(DerivedOf(&Parts::sources, "[ " + c.sources + " ]").lag_rows, c.lag) << c.sources;
  }
}

TEST(ProgressTest, LagThatIsNotProvedIsMissing) {
  const std::string one = R"({ "t" : { "0" : 5 } })";
  const std::string lag = Source(one, R"({ "t" : { "0" : 6 } })");
  for (const std::string& sources : {
           std::string(),                                               // no source
           std::string("{ \"description\" : \"rate\" }"),               // not Kafka
           Source("0", "0"),                                            // rate
           Source("null", "null"),                                      //
           Source(one, "null"),                                         // older Spark
           Source("{ }", "{ }"),                                        // no partition
           Source(R"({ "t" : { } })", R"({ "t" : { } })"),              //
           Source(one, R"({ "t" : { "1" : 5 } })"),                     // other partition
           Source(one, R"({ "u" : { "0" : 5 } })"),                     // other topic
           Source(one, R"({ "t" : { "0" : 5, "1" : 5 } })"),            // one more
           Source(R"({ "t" : { "0" : 5, "1" : 5 } })", one),            // one less
           Source(one, R"({ "t" : { "0" : 5.0 } })"),                   // no offset
           Source(one, R"({ "t" : { "0" : "5" } })"),                   //
           Source(one, R"({ "t" : { "0" : 99999999999999999999 } })"),  //
           Source(one, R"({ "t" : 5 })"),                               //
           Source(one, R"([ 5 ])"),                                     //
           Source(one, R"("5")"),                                       //
           Source(R"({ "t" : { "0" : -9223372036854775808 } })", one),  // overflow
           lag + ", { \"description\" : \"rate\" }",                    // one source of two
           "{ \"description\" : \"rate\" }, " + lag,                    //
           lag + ", 7",                                                 //
       }) {
    EXPECT_EQ(DerivedOf(&Parts::sources, "[ " + sources + " ]").lag_rows, std::nullopt) << sources;
  }
}

TEST(ProgressTest, OneEventProvesNothingForTheNext) {
  const std::string lag = Source(R"({ "t" : { "0" : 5 } })", R"({ "t" : { "0" : 6 } })");
  Parts parts;
  parts.sources = "[ " + lag + " ]";
  parts.event_time = R"({ "watermark" : "2026-11-21T15:45:41.034Z" })";
  Reading reading(parts.Json());
  EXPECT_EQ(reading->derived.lag_rows, 1);
  ASSERT_EQ(reading.Read(With(&Parts::sources, "[ { } ]")), ProgressCode::kProgress);
  EXPECT_EQ(reading->derived.lag_rows, std::nullopt);
  EXPECT_EQ(reading->derived.watermark_delay_ms, std::nullopt);
  EXPECT_EQ(reading.Read("{"), ProgressCode::kMalformed);
  EXPECT_EQ(reading.Read(With(&Parts::name, "\"\xff\"")), ProgressCode::kProgress);
  EXPECT_TRUE(reading->invalid_utf8);
  EXPECT_EQ(reading.Read(Parts().Json()), ProgressCode::kProgress);
  EXPECT_FALSE(reading->invalid_utf8);
}

TEST(ProgressTest, AnObjectThatSparkWouldNotPrintIsNoProgress) {
  for (const std::string& json : {
           std::string("{}"),
           std::string("{ }"),
           std::string("{\"a\":1}"),
           With(&Parts::id, "\"not-a-uuid\""),
           With(&Parts::id, "null"),
           With(&Parts::id, "7"),
           With(&Parts::id, "{ }"),
           With(&Parts::run_id, "\"\""),
           With(&Parts::run_id, "\"c6c49b04-df5d-4289-b257-bc3b57d2a0d\""),
           With(&Parts::run_id, "\"c6c49b04-df5d-4289-b257-bc3b57d2a0dg\""),
           With(&Parts::timestamp, "\"2026-11-21 15:45:53\""),
           With(&Parts::timestamp, "\"2026-02-30T15:45:53.034Z\""),
           With(&Parts::timestamp, "1795275953034"),
           With(&Parts::timestamp, "null"),
           With(&Parts::batch_id, "\"7\""),
           With(&Parts::batch_id, "7.5"),
           With(&Parts::batch_id, "null"),
           With(&Parts::batch_id, "99999999999999999999"),
           With(&Parts::batch_id, "[ 7 ]"),
           With(&Parts::sources, "{ }"),
           With(&Parts::sources, "null"),
           With(&Parts::sources, "\"x\""),
           With(&Parts::sink, "[ ]"),
           With(&Parts::sink, "null"),
           With(&Parts::sink, "7"),
           // A key that comes twice.
           With(&Parts::more, "\"id\" : \"" + std::string(kId) + "\", "),
           With(&Parts::more, "\"timestamp\" : \"2026-11-21T15:45:53.034Z\", "),
           With(&Parts::more, "\"batchId\" : 7, "),
       }) {
    EXPECT_EQ(CodeOf(json), ProgressCode::kNotProgress) << json;
  }
}

TEST(ProgressTest, EscapedKeysAreNotSparks) {
  std::string json = Parts().Json();
  json.replace(json.find("\"id\""), 4, "\"\\u0069d\"");
  EXPECT_EQ(CodeOf(json), ProgressCode::kNotProgress);
}

TEST(ProgressTest, BrokenJsonIsMalformed) {
  const std::string good = Parts().Json();
  for (const std::string& json : {
           std::string(),
           std::string(" "),
           std::string("null"),
           std::string("7"),
           std::string("[]"),
           std::string("\"x\""),
           std::string("{"),
           std::string("}"),
           std::string("{]"),
           std::string("{{}}"),
           std::string("{\"a\"}"),
           std::string("{\"a\":}"),
           std::string("{a:1}"),
           std::string("{'a':1}"),
           std::string("{\"a\":1,}"),
           std::string("{,\"a\":1}"),
           std::string("{\"a\":1 \"b\":2}"),
           std::string("{\"a\" 1}"),
           std::string("{\"a\":[1,]}"),
           std::string("{\"a\":[1 2]}"),
           std::string("{\"a\":[}"),
           std::string("{\"a\":{]}"),
           good + "x",
           good + "}",
           good + "{}",
           good + ",",
           good + "\n7",
           good + std::string(1, '\0'),
           "x" + good,
       }) {
    EXPECT_EQ(CodeOf(json), ProgressCode::kMalformed) << json;
  }
}

TEST(ProgressTest, EveryCutIsMalformed) {
  Parts parts;
  parts.sources = "[ " + Source(R"({ "t" : { "0" : 5 } })", "null") + " ]";
  parts.event_time = R"({ "watermark" : "x\ty" })";
  const std::string json = parts.Json();
  for (size_t size = 0; size < json.size(); ++size) {
    EXPECT_EQ(CodeOf(json.substr(0, size)), ProgressCode::kMalformed) << json.substr(0, size);
  }
}

// Every part of the object is checked, not only the parts that sparktail uses.
TEST(ProgressTest, BadScalarsAreMalformedWhereverTheyStand) {
  static constexpr std::string_view kScalars[] = {
      "01",    "1.",     ".5",       "+1",     "-",         "1e",        "1e+",         "0x1",
      "1_000", "- 1",    "NaN",      "-01",    "1.e5",      "Infinity",  "truex",       "tru",
      "True",  "nul",    "nullx",    "falsey", "\"\\q\"",   "\"\\u12\"", "\"\\u12g4\"", "\"\\\"",
      "\"",    "\"\n\"", "\"\x01\"", "1 2",    "undefined", "'x'",       "\\"};
  for (const std::string_view scalar : kScalars) {
    const std::string text(scalar);
    for (const std::string& json :
         {With(&Parts::more, "\"a\" : " + text + ", "),
          With(&Parts::more, "\"a\" : [ " + text + " ], "),
          With(&Parts::more, "\"a\" : { \"b\" : " + text + " }, "), With(&Parts::name, text),
          With(&Parts::batch_id, text), With(&Parts::state_operators, text),
          With(&Parts::state_operators, "[ { \"numRowsTotal\" : " + text + " } ]"),
          With(&Parts::event_time, "{ \"watermark\" : " + text + " }"),
          With(&Parts::event_time, "{ \"max\" : " + text + " }"), With(&Parts::sources, text),
          With(&Parts::sources, "[ " + Source("{ \"t\" : { \"0\" : " + text + " } }", "0") + " ]"),
          With(&Parts::sources, "[ " + Source("{ \"t\" : " + text + " }", "0") + " ]"),
          With(&Parts::sources, "[ " + Source(text, "0") + " ]"), With(&Parts::sink, text),
          With(&Parts::sink, "{ \"a\" : " + text + " }")}) {
      EXPECT_EQ(CodeOf(json), ProgressCode::kMalformed) << json;
    }
  }
}

TEST(ProgressTest, BadKeysAreMalformed) {
  for (const std::string_view key : {"\"a\\q\"", "\"\\u12\"", "\"a\n\"", "7", "null", "[]", ""}) {
    EXPECT_EQ(CodeOf(With(&Parts::more, std::string(key) + " : 1, ")), ProgressCode::kMalformed)
        << key;
    EXPECT_EQ(CodeOf(With(&Parts::sink, "{ " + std::string(key) + " : 1 }")),
              ProgressCode::kMalformed)
        << key;
  }
}

TEST(ProgressTest, DeepNestingIsNoDanger) {
  const auto nested = [](size_t depth, std::string_view open, std::string_view close) {
    std::string text;
    for (size_t i = 0; i < depth; ++i) text += open;
    text += "1";
    for (size_t i = 0; i < depth; ++i) text += close;
    return text;
  };
  EXPECT_EQ(CodeOf(With(&Parts::more, "\"a\" : " + nested(100, "[", "]") + ", ")),
            ProgressCode::kProgress);
  EXPECT_EQ(CodeOf(With(&Parts::more, "\"a\" : " + nested(100, "{\"a\":", "}") + ", ")),
            ProgressCode::kProgress);
  for (std::string Parts::*part : {&Parts::name, &Parts::batch_id, &Parts::event_time,
                                   &Parts::state_operators, &Parts::sources, &Parts::sink}) {
    EXPECT_NE(CodeOf(With(part, nested(10'000, "[", "]"))), ProgressCode::kProgress);
    EXPECT_NE(CodeOf(With(part, nested(10'000, "{\"a\":", "}"))), ProgressCode::kProgress);
  }
  EXPECT_NE(CodeOf(std::string(10'000, '{')), ProgressCode::kProgress);
  EXPECT_NE(CodeOf(std::string(10'000, '[')), ProgressCode::kProgress);
}

TEST(ProgressTest, ALargeEventIsReadAndSoIsTheNext) {
  const std::string large(size_t{3} << 20, 'x');
  Reading reading(With(&Parts::more, "\"a\" : \"" + large + "\", "));
  ASSERT_EQ(reading.code(), ProgressCode::kProgress);
  EXPECT_GT(reading->metrics.size(), large.size());
  EXPECT_EQ(reading.Read(Parts().Json()), ProgressCode::kProgress);
  EXPECT_EQ(reading->batch_id, "7");
}

TEST(ProgressTest, SparksOwnAccountsAreProgress) {
  for (const char* name : {"3.1.3/basic.default", "3.3.4/basic.default", "3.5.9/kafka.default",
                           "3.5.9/stateful.default", "4.3.0/basic.default"}) {
    std::ifstream truth(testing::DataPath(std::string(name) + ".truth.ndjson"));
    ASSERT_TRUE(truth) << name;
    size_t count = 0;
    for (std::string line; std::getline(truth, line); ++count) {
      const Reading reading(line);
      ASSERT_EQ(reading.code(), ProgressCode::kProgress) << line;
      EXPECT_NE(line.find("\"" + std::string(reading->run_id) + "\""), std::string::npos);
      EXPECT_TRUE(reading->derived.state_rows) << line;
    }
    EXPECT_GT(count, 3U) << name;
  }
}

}  // namespace
}  // namespace sparktail
