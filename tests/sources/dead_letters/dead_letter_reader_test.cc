#include "ingest/sources/dead_letters/dead_letter_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "parsers/byte_buffer.h"
#include "sinks/dead_letter.h"
#include "tests/support/faulty_os.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;
using Result = DeadLetterReader::Result;

constexpr std::string_view kId = "0123456789abcdef0123456789abcdef";

std::string Document(std::string_view kind = "query", std::string_view id = kId) {
  return R"({"@timestamp":"2026-11-21T15:52:20.123Z","kind":")" + std::string(kind) +
         R"(","id":")" + std::string(id) + R"(","n":1})";
}

std::string Line(std::string_view document) {
  return R"({"time":"2026-11-21T15:52:21.000Z","sink":"search","cause":"why","document":)" +
         std::string(document) + "}";
}

class DeadLetterReaderTest : public ::testing::Test {
 protected:
  Result Read(std::string_view line, bool has_newline = true) {
    line_.Clear();
    line_.Append(line);
    return reader_.Read(line_.padded(), has_newline, &letter_);
  }
  void ExpectNone(Result result, std::string_view line, const std::string& why) {
    EXPECT_EQ(Read(line), result) << line;
    EXPECT_THAT(std::string(reader_.why()), HasSubstr(why)) << line;
  }

  ByteBuffer line_;
  DeadLetterReader reader_;
  DeadLetter letter_;
};

TEST_F(DeadLetterReaderTest, ReadsTheEvent) {
  ASSERT_EQ(Read(Line(Document("signal"))), Result::kEvent);
  EXPECT_EQ(letter_.sink, "search");
  EXPECT_EQ(letter_.document, Document("signal"));
  EXPECT_EQ(letter_.kind, EventKind::kSignal);
  EXPECT_EQ(View(letter_.id), kId);
  EXPECT_EQ(letter_.time_ms, 1'795'276'340'123);
  for (const std::string_view kind : kEventKindNames) {
    ASSERT_EQ(Read(Line(Document(kind))), Result::kEvent);
    EXPECT_EQ(Name(letter_.kind), kind);
  }
}

TEST_F(DeadLetterReaderTest, ReadsWhatDeadLettersWrites) {
  testing::FaultyOs os;
  testing::RecordingLog log;
  const testing::TempDir folder;
  DeadLetters letters(&os, &log, folder.path(), "a \"sink\"", uint64_t{1} << 20);
  ASSERT_TRUE(letters.Add(Document(), "no\n\"good\"", "index").ok());
  ASSERT_TRUE(letters.Add(Document().substr(1), "no JSON").ok());
  ASSERT_TRUE(letters.Sync().ok());
  const std::string directory = folder / "a \"sink\"";
  const std::string all = testing::BytesOf(directory + "/" + os.List(directory).value().at(0));
  const size_t newline = all.find('\n');
  ASSERT_EQ(Read(all.substr(0, newline)), Result::kEvent);
  EXPECT_EQ(letter_.document, Document());
  EXPECT_EQ(letter_.sink, "a \"sink\"");
  ExpectNone(Result::kUnfit, all.substr(newline + 1, all.size() - newline - 2), "a string");
}

TEST_F(DeadLetterReaderTest, OrderWhiteSpaceAndOtherMembersDoNotMatter) {
  const std::string document = R"({ "x": {"document": [1, "}"]},  "kind" : "query", "id": ")" +
                               std::string(kId) + R"(", "text": "}\"" })";
  ASSERT_EQ(Read(" { \"other\": {\"document\": 1}, \"document\" : " + document +
                 " \t, \"sink\": \"s\"}\r"),
            Result::kEvent);
  EXPECT_EQ(letter_.document, document) << "as it stands there";
  EXPECT_EQ(letter_.sink, "s");
  EXPECT_EQ(letter_.time_ms, kNoTime);
}

TEST_F(DeadLetterReaderTest, EscapesInNamesAreUnderstood) {
  ASSERT_EQ(Read(R"({"\u0073ink":"\u0073","docu\u006dent":)" + Document() + "}"), Result::kEvent);
  EXPECT_EQ(letter_.sink, "s");
  EXPECT_EQ(letter_.document, Document());
}

TEST_F(DeadLetterReaderTest, SinkAndTimeMayBeMissing) {
  ASSERT_EQ(Read("{\"document\":" + Document() + "}"), Result::kEvent);
  EXPECT_EQ(letter_.sink, "");
  ASSERT_EQ(Read(R"({"sink":1,"document":{"kind":"query","@timestamp":"late","id":")" +
                 std::string(kId) + "\"}}"),
            Result::kEvent);
  EXPECT_EQ(letter_.sink, "");
  EXPECT_EQ(letter_.time_ms, kNoTime);
}

TEST_F(DeadLetterReaderTest, BlankLinesAreNothing) {
  for (const char* line : {"", " ", "\r", "\t "}) EXPECT_EQ(Read(line), Result::kBlank);
}

TEST_F(DeadLetterReaderTest, ReportsWhyADocumentCannotBeSent) {
  ExpectNone(Result::kUnfit, Line(R"("{\"id\":")"), "a string");
  ExpectNone(Result::kUnfit, Line("[1]"), "not a JSON object");
  ExpectNone(Result::kUnfit, Line("null"), "not a JSON object");
  ExpectNone(Result::kUnfit, Line("{}"), "32 hex digits");
  ExpectNone(Result::kUnfit, Line(Document("query", kId.substr(1))), "32 hex digits");
  ExpectNone(Result::kUnfit, Line(Document("query", std::string(32, 'g'))), "32 hex digits");
  ExpectNone(Result::kUnfit, Line(Document("query", std::string(32, 'A'))), "32 hex digits");
  ExpectNone(Result::kUnfit, Line(R"({"kind":"query","id":7})"), "32 hex digits");
  ExpectNone(Result::kUnfit, Line(Document("stage")), "the kind");
  ExpectNone(Result::kUnfit, Line(R"({"id":")" + std::string(kId) + "\"}"), "the kind");
}

TEST_F(DeadLetterReaderTest, ReportsWhyALineIsNotADeadLetter) {
  ExpectNone(Result::kOther, "26/11/21 15:52:20 INFO SparkContext: x", "not a JSON");
  ExpectNone(Result::kOther, "\x1f\x8b\x08", "not a JSON");
  ExpectNone(Result::kOther, "{", "not a JSON");
  ExpectNone(Result::kOther, Line(Document()) + Line(Document()), "not a JSON");
  ExpectNone(Result::kOther, "[1]", "not a JSON object");
  ExpectNone(Result::kOther, "7", "not a JSON object");
  ExpectNone(Result::kOther, Document(), "\"document\"");
  // The document is checked too.
  ExpectNone(Result::kOther, Line(R"({"id":tru})"), "not a JSON");
  ExpectNone(Result::kOther, Line("{\"id\":\"\xff\"}"), "not a JSON");
}

TEST_F(DeadLetterReaderTest, OnlyALastLineCanBeCut) {
  const std::string whole = Line(Document());
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(Read(whole.substr(0, size), /*has_newline=*/false), Result::kCut) << size;
    EXPECT_EQ(Read(whole.substr(0, size), /*has_newline=*/true), Result::kOther) << size;
  }
  EXPECT_EQ(Read(whole, /*has_newline=*/false), Result::kEvent) << "an editor has cut its newline";
  EXPECT_EQ(Read("hello", /*has_newline=*/false), Result::kOther);
}

TEST_F(DeadLetterReaderTest, AfterALargeLineASmallOneIsReadToo) {
  std::string document = Document();
  document.insert(1, "\"text\":\"" + std::string(size_t{6} << 20, 'x') + "\",");
  ASSERT_EQ(Read(Line(document)), Result::kEvent);
  EXPECT_EQ(letter_.document, document);
  ASSERT_EQ(Read(Line(Document())), Result::kEvent);
  EXPECT_EQ(letter_.document, Document());
}

TEST_F(DeadLetterReaderTest, ExtremeJsonIsNotSent) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  for (const std::string& value : {deep, std::string("1e999"), std::string(R"("\ud800")")}) {
    ExpectNone(Result::kUnfit, Line("{\"a\":" + value + "}"), "beyond all limits");
  }
}

}  // namespace
}  // namespace sparktail
