#include "ingest/cli/help_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <string>

// tests/deploy/install_test.py checks that the program's own command line is in them, whole.
namespace sparktail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HelpFilesTest : public ::testing::Test {
 protected:
  HelpFilesTest() {
    CLI::App* sub = app_.add_subcommand("read", "Reads: it's [all]");
    sub->add_option("FILE", file_, ".hidden files");
    sub->add_option("-k,--kind", kind_, "'One' kind: a [b] \\c")->type_name("KIND");
    sub->add_flag("--fast", fast_, "Faster");
    sub->footer("\nExamples:\n.start a\n  read -k b\n");
    app_.add_subcommand("secret", "Not told")->group("");
  }

  CLI::App app_{"Text-in, text-out.", "sparktail"};
  std::string file_;
  std::string kind_;
  bool fast_ = false;
};

TEST_F(HelpFilesTest, TheManPageHasNoLineThatIsARequestByChance) {
  const std::string page = ManPage(app_, "1.2.3");
  EXPECT_THAT(page, HasSubstr("\"sparktail 1.2.3\""));
  EXPECT_THAT(page, HasSubstr("Text\\-in, text\\-out."));
  EXPECT_THAT(page, HasSubstr("\n\\&.hidden files\n"));
  EXPECT_THAT(page, HasSubstr("\n\\&'One' kind: a [b] \\ec\n"));
  EXPECT_THAT(page, HasSubstr("\\fB\\-k\\fR, \\fB\\-\\-kind\\fR \\fIKIND\\fR\n"));
  EXPECT_THAT(page, HasSubstr(".nf\nExamples:\n\\&.start a\n  read \\-k b\n.fi\n"));
}

TEST_F(HelpFilesTest, ShellsGetOneWord) {
  EXPECT_THAT(BashCompletions(app_), HasSubstr("read) words='-h --help -k --kind --fast' ;;"));
  const std::string zsh = ZshCompletions(app_);
  EXPECT_THAT(zsh, HasSubstr("'read:Reads\\: it'\\''s [all]'"));
  EXPECT_THAT(zsh, HasSubstr("'*--kind['\\''One'\\'' kind\\: a \\[b\\] \\\\c]:KIND:_files'"));
  EXPECT_THAT(zsh, HasSubstr("'*--fast[Faster]' "));
}

TEST_F(HelpFilesTest, HiddenCommandsStayHidden) {
  for (const std::string& text :
       {ManPage(app_, "1"), BashCompletions(app_), ZshCompletions(app_)}) {
    EXPECT_THAT(text, Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace sparktail
