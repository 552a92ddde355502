#include "ingest/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CommandTest, EachLineOfAWrongUsageNamesTheProgram) {
  const Answer answer = WrongUsage("one\ntwo");
  EXPECT_EQ(answer.text, "sparktail: one\nsparktail: two\n");
  EXPECT_EQ(answer.exit_code, ExitCode::kWrongUsage);
}

class CommandOptionsTest : public ::testing::Test {
 protected:
  CommandOptionsTest() {
    options_.AddTexts("WORD", "", &words_, "Words");
    options_.AddFlag("--flag", &flag_, "A flag");
    options_.AddText("--text", "TEXT", &text_, "A text");
    options_.AddTexts("--many", "TEXT", &many_, "Many at once");
    options_.AddConfig(&config_);
    options_.BeginGroup("Others");
    options_.AddTexts("--one", "TEXT", &one_, "One at a time", /*many=*/false);
    options_.AddTaken("--taken", "TEXT", "Checked", [this](const std::string& value) {
      taken_ = value;
      return value == "bad" ? "it is bad" : "";
    });
  }
  // Returns the error; empty if there is none.
  std::string Parse(const std::string& line) {
    try {
      app_.parse(line);
      return "";
    } catch (const CLI::ParseError& error) {
      return error.what();
    }
  }

  CLI::App app_;
  CommandOptions options_{&app_, "do", "Does it", "\nExamples: none"};
  bool flag_ = false;
  std::string text_ = "before";
  std::string config_;
  std::string taken_;
  std::vector<std::string> words_;
  std::vector<std::string> many_;
  std::vector<std::string> one_;
};

TEST_F(CommandOptionsTest, ValuesAreRead) {
  EXPECT_EQ(Parse("do a --flag --text t -c f --many x y --one 1 b --one 2 --taken z"), "");
  EXPECT_TRUE(flag_);
  EXPECT_EQ(text_, "t");
  EXPECT_EQ(config_, "f");
  EXPECT_EQ(taken_, "z");
  EXPECT_THAT(many_, ElementsAre("x", "y"));
  EXPECT_THAT(one_, ElementsAre("1", "2"));
  EXPECT_THAT(words_, ElementsAre("a", "b"));
}

TEST_F(CommandOptionsTest, NothingIsNeeded) {
  EXPECT_EQ(Parse("do"), "");
  EXPECT_FALSE(flag_);
  EXPECT_EQ(text_, "before");
  EXPECT_EQ(taken_, "");
}

TEST_F(CommandOptionsTest, AValueThatIsNotTakenIsAnError) {
  EXPECT_EQ(Parse("do --taken bad"), "--taken: it is bad");
  EXPECT_THAT(Parse("do --text a --text b"), HasSubstr("--text"));
}

TEST_F(CommandOptionsTest, TheHelpHasItAll) {
  const std::string help = app_.get_subcommand("do")->help();
  for (const char* text : {"Does it", "Examples: none", "--flag", "--text TEXT=before",
                           "-c,--config FILE", "Others:"}) {
    EXPECT_THAT(help, HasSubstr(text));
  }
  EXPECT_LT(help.find("--many"), help.find("Others:"));
  EXPECT_GT(help.find("--one"), help.find("Others:"));
}

}  // namespace
}  // namespace sparktail
