#include "ingest/cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace sparktail {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

using Arguments = std::vector<std::string>;

ParseCommand Parsed(const Arguments& arguments) {
  const Command command = ReadCommandLine(arguments, "1.2.3");
  if (const auto* answer = std::get_if<Answer>(&command)) {
    ADD_FAILURE() << answer->text;
    return {};
  }
  return std::get<ParseCommand>(command);
}

Answer Answered(const Arguments& arguments) {
  const Command command = ReadCommandLine(arguments, "1.2.3");
  if (const auto* answer = std::get_if<Answer>(&command)) return *answer;
  ADD_FAILURE() << "accepted";
  return {};
}

void ExpectWrongUsage(const Arguments& arguments, const std::string& text) {
  const Answer answer = Answered(arguments);
  EXPECT_EQ(answer.exit_code, ExitCode::kWrongUsage) << answer.text;
  EXPECT_THAT(answer.text, StartsWith("sparktail: "));
  EXPECT_THAT(answer.text, HasSubstr(text));
  EXPECT_EQ(answer.text.back(), '\n');
  EXPECT_EQ(answer.text.find('\n'), answer.text.size() - 1) << answer.text;
}

TEST(CommandLineTest, WithoutFilesStandardInputIsRead) {
  const ParseCommand command = Parsed({"parse"});
  EXPECT_THAT(command.files, ElementsAre("-"));
  EXPECT_EQ(command.environment, "default");
  EXPECT_EQ(command.identity, Identity());
  EXPECT_FALSE(command.stats);
  EXPECT_FALSE(command.parser.count_records);
  EXPECT_EQ(command.parser.max_event_bytes, size_t{16} << 20);
  EXPECT_EQ(command.parser.zone, absl::UTCTimeZone());
  for (const EventKind kind : {EventKind::kProgress, EventKind::kQuery, EventKind::kSignal}) {
    EXPECT_TRUE(command.parser.kinds.Has(kind));
  }
}

TEST(CommandLineTest, FilesKeepTheirOrder) {
  EXPECT_THAT(Parsed({"parse", "b", "-", "a", "b"}).files, ElementsAre("b", "-", "a", "b"));
  EXPECT_THAT(Parsed({"parse", "--stats", "a", "--app-name", "x", "b"}).files,
              ElementsAre("a", "b"));
  EXPECT_THAT(Parsed({"parse", "--", "--stats", "-x"}).files, ElementsAre("--stats", "-x"));
}

TEST(CommandLineTest, OptionsReachTheCommand) {
  const ParseCommand command =
      Parsed({"parse", "--app-id", "application_1_2", "--app-name", "two words", "--environment",
              "pro", "--timezone", "Europe/Madrid", "--max-event-bytes", "1MiB", "--stats", "a"});
  EXPECT_EQ(command.identity.app_id, "application_1_2");
  EXPECT_EQ(command.identity.app_name, "two words");
  EXPECT_EQ(command.environment, "pro");
  EXPECT_EQ(command.parser.zone.name(), "Europe/Madrid");
  EXPECT_EQ(command.parser.max_event_bytes, size_t{1} << 20);
  EXPECT_TRUE(command.stats);
  EXPECT_TRUE(command.parser.count_records);
  EXPECT_EQ(Parsed({"parse", "--app-id=x=y"}).identity.app_id, "x=y");
}

TEST(CommandLineTest, OnlyNamesTheKindsToWrite) {
  struct Case {
    Arguments arguments;
    bool progress;
    bool query;
    bool signal;
  };
  for (const Case& c : {
           Case{{"parse", "--only", "progress"}, true, false, false},
           Case{{"parse", "--only=query,signal"}, false, true, true},
           Case{{"parse", "--only", "signal,progress,query", "a"}, true, true, true},
           Case{{"parse", "--only", "query,query"}, false, true, false},
       }) {
    const EventKinds kinds = Parsed(c.arguments).parser.kinds;
    EXPECT_EQ(kinds.Has(EventKind::kProgress), c.progress) << c.arguments[1];
    EXPECT_EQ(kinds.Has(EventKind::kQuery), c.query) << c.arguments[1];
    EXPECT_EQ(kinds.Has(EventKind::kSignal), c.signal) << c.arguments[1];
  }
}

TEST(CommandLineTest, OnlyTakesOneWordSoThatFilesMayFollow) {
  EXPECT_THAT(Parsed({"parse", "--only", "progress", "query"}).files, ElementsAre("query"));
}

TEST(CommandLineTest, UnknownKindsAreNamed) {
  ExpectWrongUsage({"parse", "--only", "metrics"}, "'metrics'");
  ExpectWrongUsage({"parse", "--only", "metrics"}, "progress, query, signal");
  ExpectWrongUsage({"parse", "--only", "progress,x"}, "'x'");
  ExpectWrongUsage({"parse", "--only", "Progress"}, "'Progress'");
  ExpectWrongUsage({"parse", "--only"}, "--only");
}

TEST(CommandLineTest, SizesMayHaveUnits) {
  struct Case {
    const char* text;
    size_t bytes;
  };
  for (const Case& c :
       {Case{"16777216", size_t{16} << 20}, Case{"16MiB", size_t{16} << 20},
        Case{"16m", size_t{16} << 20}, Case{"1k", 1024}, Case{"4KiB", 4096}, Case{"1024", 1024},
        Case{"1GiB", size_t{1} << 30}, Case{"1g", size_t{1} << 30}}) {
    EXPECT_EQ(Parsed({"parse", "--max-event-bytes", c.text}).parser.max_event_bytes, c.bytes)
        << c.text;
  }
}

TEST(CommandLineTest, OtherSizesAreRefused) {
  for (const char* text :
       {"0", "1023", "1073741825", "2GiB", "x", "16MB", "16 MiB", "1.5MiB", "-1", "+1024",
        "99999999999999999999", "18014398509481985k", "16MiBx", "0x400", "MiB"}) {
    ExpectWrongUsage({"parse", std::string("--max-event-bytes=") + text}, std::string(text));
  }
}

TEST(CommandLineTest, UnknownZonesAreNamed) {
  ExpectWrongUsage({"parse", "--timezone", "Europe/Atlantis"}, "Europe/Atlantis");
  ExpectWrongUsage({"parse", "--timezone", "/etc/localtime"}, "/etc/localtime");
  ExpectWrongUsage({"parse", "--timezone", "../zoneinfo/UTC"}, "unknown time zone");
  EXPECT_EQ(Parsed({"parse", "--timezone", "UTC"}).parser.zone, absl::UTCTimeZone());
}

TEST(CommandLineTest, MistypedWordsGetTheNearestOne) {
  ExpectWrongUsage({"parse", "--stat"}, "did you mean --stats?");
  ExpectWrongUsage({"parse", "--max-event-byte=5", "a"}, "did you mean --max-event-bytes?");
  ExpectWrongUsage({"prase", "a"}, "did you mean parse?");
  ExpectWrongUsage({"--verson"}, "did you mean --version?");
  ExpectWrongUsage({"parse", "--zzzzzzzzz"}, "unknown option --zzzzzzzzz (see");
  ExpectWrongUsage({"frobnicate"}, "frobnicate");
}

TEST(CommandLineTest, MissingWordsAreSaid) {
  ExpectWrongUsage({}, "a command is missing");
  for (const char* option :
       {"--app-id", "--app-name", "--environment", "--timezone", "--max-event-bytes"}) {
    ExpectWrongUsage({"parse", option}, option);
  }
}

TEST(CommandLineTest, HelpAndVersionAreAnswers) {
  const Answer version = Answered({"--version"});
  EXPECT_EQ(version.text, "sparktail 1.2.3\n");
  EXPECT_EQ(version.exit_code, ExitCode::kOk);
  const Answer help = Answered({"--help"});
  EXPECT_EQ(help.exit_code, ExitCode::kOk);
  EXPECT_THAT(help.text, HasSubstr("parse"));
  const Answer parse_help = Answered({"parse", "--help"});
  EXPECT_EQ(parse_help.exit_code, ExitCode::kOk);
  for (const char* text : {"Examples:", "--only", "--app-id", "--app-name", "--environment",
                           "--timezone", "--max-event-bytes", "--stats", "FILE"}) {
    EXPECT_THAT(parse_help.text, HasSubstr(text));
  }
}

TEST(CommandLineTest, NearestIsNearOrNothing) {
  EXPECT_EQ(Nearest("--stat", {"--only", "--stats"}), "--stats");
  EXPECT_EQ(Nearest("--stats", {"--state", "--stats"}), "--stats");
  EXPECT_EQ(Nearest("zzz", {"parse"}), "");
  EXPECT_EQ(Nearest("parse", {}), "");
}

}  // namespace
}  // namespace sparktail
