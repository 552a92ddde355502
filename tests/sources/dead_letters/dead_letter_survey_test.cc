#include "ingest/sources/dead_letters/dead_letter_survey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/dead_letter_lines.h"
#include "tests/support/faulty_os.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::DeadLetterLine;
using ::testing::ElementsAre;
using testing::FaultyOs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;
using testing::WriteBytes;

constexpr size_t kLongest = 2000;

class DeadLetterSurveyTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& content) {
    std::string path = folder_ / name;
    WriteBytes(path, content);
    return path;
  }
  absl::StatusOr<DeadLetterSurvey> Survey(const std::vector<std::string>& paths,
                                          bool need_sinks = true) {
    told_.clear();
    const auto tell = [this](std::string_view message) { told_.emplace_back(message); };
    return SurveyDeadLetters(&os_, paths, kLongest, need_sinks, tell);
  }
  void ExpectRefused(const std::string& content, const std::string& where,
                     const std::string& what) {
    const std::string path = Write("refused", content);
    const absl::Status status = Survey({path}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(std::string(status.message()), StartsWith(path + where));
    EXPECT_THAT(std::string(status.message()), HasSubstr(what));
  }

  const testing::TempDir folder_{testing::TempDir::Place::kMemory};
  FaultyOs os_;
  std::vector<std::string> told_;
};

TEST_F(DeadLetterSurveyTest, CountsEventsBySink) {
  const std::string a =
      Write("a", DeadLetterLine("search", 1) + "\n" + DeadLetterLine("history", 2));
  const std::string b = Write("b", DeadLetterLine("search", 3));
  const absl::StatusOr<DeadLetterSurvey> survey = Survey({a, b});
  ASSERT_TRUE(survey.ok()) << survey.status();
  ASSERT_THAT(survey->sinks, SizeIs(2));
  EXPECT_EQ(survey->sinks.at("search").events, 2U);
  EXPECT_EQ(survey->sinks.at("search").first, a + ":1");
  EXPECT_EQ(survey->sinks.at("history").first, a + ":3");
  ASSERT_THAT(survey->files, SizeIs(2));
  EXPECT_EQ(survey->files[1].path, b);
  EXPECT_EQ(survey->files[1].size, std::filesystem::file_size(b));
  EXPECT_EQ(survey->unfit, 0U);
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(DeadLetterSurveyTest, FilesAreKnownByTheirContent) {
  const std::string a = Write("a", DeadLetterLine("search", 1));
  const std::string b = Write("b", DeadLetterLine("search", 2));
  const std::string hash = Survey({a, b})->hash;
  EXPECT_THAT(hash, SizeIs(32));
  EXPECT_EQ(Survey({b, a})->hash, hash) << "in any order";
  EXPECT_EQ(Survey({a, Write("elsewhere", DeadLetterLine("search", 2))})->hash, hash);
  EXPECT_NE(Survey({a})->hash, hash);
  EXPECT_NE(Survey({a, Write("c", DeadLetterLine("search", 3))})->hash, hash);
  const std::string line = DeadLetterLine("search", 2);
  EXPECT_NE(Survey({a, Write("c", line.substr(0, line.size() - 1))})->hash, hash);
}

TEST_F(DeadLetterSurveyTest, DuplicateFilesAreReadOnce) {
  const std::string a = Write("a", DeadLetterLine("search", 1));
  const std::string copy = Write("copy", DeadLetterLine("search", 1));
  const auto survey = Survey({a, copy, a});
  EXPECT_EQ(survey->sinks.at("search").events, 1U);
  EXPECT_THAT(survey->files, SizeIs(1));
  EXPECT_EQ(survey->hash, Survey({a})->hash);
  Survey({a, copy}).IgnoreError();
  EXPECT_THAT(told_, ElementsAre(copy + ": skipped: another file has the same content"));
}

TEST_F(DeadLetterSurveyTest, LinesThatCannotBeSentAreReported) {
  const std::string a = Write("a", R"({"sink":"search","document":"{\"id\":"})"
                                   "\n" +
                                       DeadLetterLine("search", 1) + R"({"time":"2026)");
  const auto survey = Survey({a});
  ASSERT_TRUE(survey.ok()) << survey.status();
  EXPECT_EQ(survey->unfit, 1U) << "one that is cut comes from elsewhere";
  EXPECT_EQ(survey->sinks.at("search").events, 1U);
  EXPECT_THAT(told_, ElementsAre(StartsWith(a + ":1: skipped: its document is a string"),
                                 StartsWith(a + ":3: skipped: the line is cut")));
}

TEST_F(DeadLetterSurveyTest, FilesWithoutEventsAreLeftOut) {
  const std::string empty = Write("empty", "");
  const std::string unfit = Write("unfit", "{\"sink\":\"search\",\"document\":1}\n");
  const auto survey = Survey({empty, unfit});
  EXPECT_THAT(survey->files, IsEmpty());
  EXPECT_THAT(survey->sinks, IsEmpty());
  EXPECT_EQ(survey->unfit, 1U);
}

TEST_F(DeadLetterSurveyTest, ALineThatIsNotADeadLetterIsNamed) {
  ExpectRefused("26/11/21 15:52:20 INFO SparkContext: x\n", ":1: ", "not a dead letter");
  ExpectRefused(DeadLetterLine("search", 1) + "x\n", ":2: ", "jq -c");
  ExpectRefused("{\n  \"document\": {}\n}\n", ":1: ", "on one line");
  ExpectRefused("{}\n", ":1: ", "\"document\"");
  ExpectRefused(DeadLetterLine("search", 1) + std::string(kLongest + 1, 'x'), ":2: ", "longer");
}

TEST_F(DeadLetterSurveyTest, EventsWithoutASinkNeedOne) {
  const std::string line = DeadLetterLine("", 1);
  ExpectRefused(line, ":1: ", "--sink");
  const auto survey = Survey({Write("a", line)}, /*need_sinks=*/false);
  ASSERT_TRUE(survey.ok()) << survey.status();
  EXPECT_EQ(survey->sinks.at("").events, 1U);
}

TEST_F(DeadLetterSurveyTest, AFileThatCannotBeReadIsNamed) {
  const std::string missing = folder_ / "missing";
  const absl::Status status = Survey({missing}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), StartsWith(missing + ": "));
  const std::string a = Write("a", DeadLetterLine("search", 1));
  os_.Fail({.calls = {FaultyOs::Call::kReadAt}});
  EXPECT_EQ(Survey({a}).status(), absl::UnavailableError(a + ":1: Input/output error"));
}

}  // namespace
}  // namespace sparktail
