#include "parsers/foreign_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>

namespace sparktail {
namespace {

constexpr std::string_view kHeader =
    "26/11/21 15:00:00 INFO MicroBatchExecution: Streaming query made progress: ";

// A pretty-printed object of at least `size` bytes.
std::string PrettyJson(size_t size) {
  std::string json = "{\n";
  for (int i = 0; json.size() < size; ++i) {
    json += "  \"k" + std::to_string(i) + "\" : \"vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv\",\n";
  }
  return json + "  \"end\" : [ 1, -2.5E-3, null ]\n}";
}

bool IsValidJson(const std::string& text) {
  simdjson::dom::parser parser;
  return !parser.parse(text).error();
}

struct Cut {
  size_t at;
  std::string foreign;
};

// Returns the log when other writers write at these places of a record.
std::string Interleave(std::string record, const std::vector<Cut>& cuts) {
  for (auto cut = cuts.rbegin(); cut != cuts.rend(); ++cut) record.insert(cut->at, cut->foreign);
  return record;
}

std::optional<std::string> Lift(const std::string& log) {
  ByteBuffer out;
  const auto lifted = LiftForeignText(log, kHeader.size(), &out);
  if (!lifted) return std::nullopt;
  EXPECT_EQ(lifted->json_size, out.size());
  EXPECT_EQ(log[lifted->record_size - 1], '}');
  return std::string(out.view());
}

TEST(ForeignText, IsLiftedOutBetweenTwoPieces) {
  const std::string json = PrettyJson(20'000);
  const std::string record = std::string(kHeader) + json;
  for (const std::string foreign : {"print\n", "one\ntwo\nthree\n", "26/11/21 15:00:00\n"}) {
    for (const size_t at : {kLog4jPiece, 2 * kLog4jPiece}) {
      EXPECT_TRUE(Lift(Interleave(record, {{at, foreign}}) + "\n") == json) << foreign << at;
    }
    EXPECT_TRUE(Lift(Interleave(record, {{kLog4jPiece, foreign}, {2 * kLog4jPiece, foreign}}) +
                     "\n") == json)
        << foreign;
  }
}

// The border of the pieces may be in a key, a string or a number, or between lines.
TEST(ForeignText, IsLiftedOutWhereverThePieceEnds) {
  for (size_t shift = 0; shift < 60; ++shift) {
    std::string json = PrettyJson(12'000);
    json.insert(2, std::string("  \"p\" : \"") + std::string(shift, 'p') + "\",\n");
    const std::string record = std::string(kHeader) + json;
    EXPECT_EQ(
        Lift(Interleave(record, {{kLog4jPiece, "PYDRIVER print 1\nPYDRIVER print 2\n"}}) + "\n"),
        json)
        << shift;
  }
}

// With foreign text that may be JSON, the object is restored exactly or left alone.
TEST(ForeignText, AmbiguousTextNeverMakesAnotherObject) {
  for (const std::string foreign :
       {"}\n", "\n", "{\n", "1\n", "  \"x\" : 1,\n", "print  \"x\" : 1,\n", "{ \"not\" json }\n"}) {
    for (size_t shift = 0; shift < 60; ++shift) {
      std::string json = PrettyJson(12'000);
      json.insert(2, std::string("  \"p\" : \"") + std::string(shift, 'p') + "\",\n");
      const auto lifted =
          Lift(Interleave(std::string(kHeader) + json, {{kLog4jPiece, foreign}}) + "\n");
      EXPECT_TRUE(!lifted || *lifted == json || !IsValidJson(*lifted)) << foreign << shift;
    }
  }
}

TEST(ForeignText, OddPiecesOfLog4j225AreKnown) {
  const std::string json = PrettyJson(20'000);
  const std::string record = std::string(kHeader) + json;
  EXPECT_EQ(Lift(Interleave(record, {{kLog4jPiece + 512, "print\n"}}) + "\n"), json);
}

TEST(ForeignText, ElsewhereItIsNotProven) {
  const std::string record = std::string(kHeader) + PrettyJson(20'000);
  for (const size_t at : {size_t{1000}, size_t{8000}, size_t{10'000}}) {
    EXPECT_EQ(Lift(Interleave(record, {{at, "print\n"}}) + "\n"), std::nullopt) << at;
  }
}

TEST(ForeignText, WithoutALineEndItIsNotProven) {
  const std::string record = std::string(kHeader) + PrettyJson(20'000);
  const std::string log = Interleave(record, {{kLog4jPiece, "print without end"}});
  // The cut string now contains the foreign text, which is not distinguishable from Spark's.
  EXPECT_EQ(Lift(log + "\n"), std::nullopt);
}

TEST(ForeignText, ANumberIsNeverShortened) {
  // The last number of an object begins at `digits`; the piece ends after its second digit.
  std::string json = PrettyJson(kLog4jPiece - kHeader.size() - 60);
  json.replace(json.rfind("  \"end\""), std::string::npos, "  \"pad\" : \"\",\n  \"n\" : 1234\n}");
  const size_t digits = kHeader.size() + json.find("1234") + 2;
  json.insert(json.find("\"pad\" : \"") + 9, std::string(kLog4jPiece - digits, 'p'));
  const std::string record = std::string(kHeader) + json;
  ASSERT_EQ(record.substr(kLog4jPiece - 2, 4), "1234");
  EXPECT_EQ(Lift(Interleave(record, {{kLog4jPiece, "glued \" text "}}) + "\n"), std::nullopt);
  EXPECT_EQ(Lift(Interleave(record, {{kLog4jPiece, "print 19077\n"}}) + "\n"), json);
}

// A piece that ends after a whole value, before its comma.
TEST(ForeignText, IsLiftedOutAfterEveryKindOfValue) {
  for (const std::string value : {"true", "false", "null", "1", "-2.5E-3", "\"s\"", "[ ]", "{ }"}) {
    std::string json =
        "{\n  \"pad\" : \"\",\n  \"v\" : " + value + ",\n" + PrettyJson(3'000).substr(2);
    const size_t end = kHeader.size() + json.find(value + ",\n  \"k0") + value.size();
    json.insert(13, std::string(kLog4jPiece - end, 'p'));
    ASSERT_EQ((std::string(kHeader) + json)[kLog4jPiece], ',');
    EXPECT_EQ(Lift(Interleave(std::string(kHeader) + json, {{kLog4jPiece, "print\n"}}) + "\n"),
              json)
        << value;
  }
}

TEST(ForeignText, AWholeRecordHasNone) {
  EXPECT_EQ(Lift(std::string(kHeader) + PrettyJson(20'000) + "\n"), std::nullopt);
  EXPECT_EQ(Lift(std::string(kHeader) + PrettyJson(100) + "\n"), std::nullopt);
}

TEST(ForeignText, ACutRecordIsNotRestored) {
  const std::string record = std::string(kHeader) + PrettyJson(20'000);
  const std::string log = Interleave(record, {{kLog4jPiece, "print\n"}});
  ByteBuffer out;
  EXPECT_FALSE(LiftForeignText(log.substr(0, 15'000), kHeader.size(), &out));
  EXPECT_EQ(out.size(), 0U);
}

TEST(ForeignText, JsonTokensDifferFromOtherText) {
  for (const std::string_view line :
       {"", "  ", "{", "}", "  } ],", "  \"a\" : 1,", "\"a\\\"b\" : \"{\",", "    -1.5E+3,",
        "  \"x\" : [ ],", "null", "  \"t\" : true"}) {
    EXPECT_TRUE(IsJsonTokens(line)) << line;
  }
  for (const std::string_view line : {"print", "\"open", "  \"a\" : nil", "\tat frame", "a : 1",
                                      "26/11/21 15:00:00 INFO", "'x'", "-", "\"a\tb\""}) {
    EXPECT_FALSE(IsJsonTokens(line)) << line;
  }
}

}  // namespace
}  // namespace sparktail
