#include "ingest/cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "ingest/cli/config_reference.h"
#include "ingest/sources/file/file_source_options.h"
#include "ingest/sources/kafka/kafka_source_options.h"
#include "sinks/file/file_sink_options.h"
#include "sinks/sqlite/sqlite_sink_options.h"
#include "sinks/stdout/stdout_sink_kind.h"
#include "tests/support/fake_surroundings.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using Arguments = std::vector<std::string>;

Command Read(const Arguments& arguments) {
  static PosixOs os;
  return ReadCommandLine(arguments, "1.2.3", testing::MakeSurroundings(&os));
}

template <typename C = ParseCommand>
C Parsed(const Arguments& arguments) {
  const Command command = Read(arguments);
  if (const auto* answer = std::get_if<Answer>(&command)) {
    ADD_FAILURE() << answer->text;
    return {};
  }
  return std::get<C>(command);
}

Answer Answered(const Arguments& arguments) {
  const Command command = Read(arguments);
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
  for (const char* command : {"parse", "run", "replay", "offsets", "check"}) {
    EXPECT_THAT(help.text, HasSubstr(command));
  }
  const Answer parse_help = Answered({"parse", "--help"});
  EXPECT_EQ(parse_help.exit_code, ExitCode::kOk);
  for (const char* text : {"Examples:", "--only", "--app-id", "--app-name", "--environment",
                           "--timezone", "--max-event-bytes", "--stats", "FILE"}) {
    EXPECT_THAT(parse_help.text, HasSubstr(text));
  }
}

// A configuration file that exists during a test.
class CommandLineFileTest : public ::testing::Test {
 protected:
  CommandLineFileTest() {
    testing::WriteBytes(
        good_,
        "state_dir: /s\nsources: [{kind: file, paths: [/a]}]\nsinks: [{kind: file, path: /b}]\n");
    testing::WriteBytes(bad_, "sources: [{kind: file}]\nsink: []\n");
  }

  testing::TempDir folder_;
  const std::string good_ = folder_ / "good.yaml";
  const std::string bad_ = folder_ / "bad.yaml";
};

const FileSourceOptions& SourceOf(const RunCommand& command) {
  return command.configuration.sources.at(0).options.Get<FileSourceOptions>();
}

TEST(CommandLineTest, RunNeedsOnlySomethingToRead) {
  const auto run = Parsed<RunCommand>({"run", "--file", "/logs/*/stderr", "--file=b.log"});
  ASSERT_EQ(run.configuration.sources.size(), 1U);
  EXPECT_EQ(run.configuration.sources[0].name, "file");
  EXPECT_THAT(SourceOf(run).paths, ElementsAre("/logs/*/stderr", "/work/b.log"));
  ASSERT_EQ(run.configuration.sinks.size(), 1U);
  EXPECT_EQ(run.configuration.sinks[0].name, "stdout");
  EXPECT_TRUE((run.configuration.sinks[0].options.Find<StdoutSinkOptions>() != nullptr));
  EXPECT_EQ(run.configuration.state_dir, "/home/me/.local/state/sparktail");
  EXPECT_FALSE(run.until_exit.enabled);
  EXPECT_FALSE(run.recover);
  EXPECT_FALSE(run.stats);
}

TEST(CommandLineTest, FlagsOfRunMakeAConfiguration) {
  const auto run = Parsed<RunCommand>({"run",
                                       "--file",
                                       "/a",
                                       "--output",
                                       "o.ndjson",
                                       "--sqlite",
                                       "/h.db",
                                       "--state-dir",
                                       "s",
                                       "--instance",
                                       "i",
                                       "--environment",
                                       "pro ${X}",
                                       "--timezone",
                                       "Europe/Madrid",
                                       "--start-at",
                                       "2h",
                                       "--watch",
                                       "poll",
                                       "--http",
                                       "127.0.0.1:0",
                                       "--log-level",
                                       "debug",
                                       "--log-format",
                                       "json",
                                       "--max-event-bytes",
                                       "1MiB",
                                       "--until-exit",
                                       "--exit-marker",
                                       "m",
                                       "--recover",
                                       "--stats"});
  const Configuration& read = run.configuration;
  ASSERT_EQ(read.sinks.size(), 2U);
  EXPECT_EQ(read.sinks[0].options.Get<FileSinkOptions>().path, "/work/o.ndjson");
  EXPECT_EQ(read.sinks[1].options.Get<SqliteSinkOptions>().path, "/h.db");
  EXPECT_EQ(read.state_dir, "/work/s");
  EXPECT_EQ(read.instance, "i");
  EXPECT_EQ(read.environment, "pro ${X}") << "the shell has replaced what is to be";
  EXPECT_EQ(read.sources[0].environment, "pro ${X}");
  EXPECT_EQ(read.sources[0].timezone, "Europe/Madrid");
  EXPECT_EQ(SourceOf(run).start_at.age, absl::Hours(2));
  EXPECT_EQ(SourceOf(run).watch, Watch::kPoll);
  EXPECT_EQ(read.http, "127.0.0.1:0");
  EXPECT_EQ(read.log.level, "debug");
  EXPECT_EQ(read.log.format, LogConfiguration::Format::kJson);
  EXPECT_EQ(read.max_event_bytes, size_t{1} << 20);
  EXPECT_TRUE(run.until_exit.enabled);
  EXPECT_EQ(run.until_exit.marker, "/work/m");
  EXPECT_TRUE(run.recover);
  EXPECT_TRUE(run.stats);
}

TEST(CommandLineTest, TheSinksOfRun) {
  const auto sinks = [](const Arguments& more) {
    Arguments all = {"run", "--file", "/a"};
    all.insert(all.end(), more.begin(), more.end());
    std::vector<std::string> names;
    for (const auto& sink : Parsed<RunCommand>(all).configuration.sinks) names.push_back(sink.name);
    return names;
  };
  EXPECT_THAT(sinks({"--output", "-"}), ElementsAre("stdout"));
  EXPECT_THAT(sinks({"--sqlite", "/h"}), ElementsAre("sqlite"));
  EXPECT_THAT(sinks({"--sqlite", "/h", "--output", "-"}), ElementsAre("stdout", "sqlite"));
  EXPECT_THAT(sinks({"--output", "/o"}), ElementsAre("file"));
}

TEST(CommandLineTest, FlagsOfRunAreCheckedAsAConfigurationIs) {
  ExpectWrongUsage({"run"}, "no source is given");
  ExpectWrongUsage({"run", "--output", "-"}, "no source is given");
  ExpectWrongUsage({"run", "--file", ""}, "--file: it is empty");
  ExpectWrongUsage({"run", "--file", "/a", "--instance", "a/b"}, "--instance: give a name");
  ExpectWrongUsage({"run", "--file", "/a", "--log-level", "inf"}, "did you mean info?");
  ExpectWrongUsage({"run", "--file", "/a", "--log-level", "x"}, "sparktail: --log-level: give");
  ExpectWrongUsage({"run", "--file", "/a", "--timezone", "Mars/Olympus"}, "--timezone: give an");
  ExpectWrongUsage({"run", "--file", "/a", "--start-at", "now"}, "--start-at: give beginning");
  ExpectWrongUsage({"run", "--file", "/a", "--http", "x"}, "--http: give host:port");
  ExpectWrongUsage({"run", "--file", "/a", "--output", "/o", "--sqlite", "/o"},
                   "--sqlite: '/o' is written by --output too");
  ExpectWrongUsage({"run", "--file", "/a", "--output", "/a", "--output", "/b"}, "--output");
  ExpectWrongUsage({"run", "--file", "/a", "--exit-marker", "/m"}, "needs --until-exit");
  ExpectWrongUsage({"run", "--file", "/a", "/b"},
                   "unexpected word /b; give a glob with --file, in quotes");
  ExpectWrongUsage({"run", "--fil", "/a"}, "did you mean --file?");
  const Answer two = Answered({"run", "--file", "/a", "--http", "x", "--watch", "y"});
  EXPECT_THAT(two.text, HasSubstr("sparktail: --http: "));
  EXPECT_THAT(two.text, HasSubstr("\nsparktail: --watch: "));
}

TEST(CommandLineTest, FlagsAreExplainedByTheOptions) {
  const std::string help = Answered({"run", "--help"}).text;
  for (const char* text : {"--file",         "--output",
                           "--sqlite",       "--state-dir",
                           "--instance",     "--environment",
                           "--timezone",     "--start-at",
                           "--http",         "--log-level",
                           "--log-format",   "--max-event-bytes",
                           "--watch",        "--until-exit",
                           "--exit-marker",  "--recover",
                           "--stats",        "-c",
                           "(default: UTC)", "Value of environment in documents.",
                           "Examples:"}) {
    EXPECT_THAT(help, HasSubstr(text));
  }
}

TEST_F(CommandLineFileTest, ReplayTakesFilesAndAConfiguration) {
  const auto replay = Parsed<ReplayCommand>({"replay", "-c", good_, "a.ndjson", "/b"});
  EXPECT_EQ(replay.configuration.state_dir, "/s");
  EXPECT_THAT(replay.files, ElementsAre("a.ndjson", "/b"));
  EXPECT_EQ(replay.sink, "");
  EXPECT_FALSE(replay.recover);
  const auto other = Parsed<ReplayCommand>({"replay", "a", "--sink=x", "--recover", "-c", good_});
  EXPECT_THAT(other.files, ElementsAre("a"));
  EXPECT_EQ(other.sink, "x");
  EXPECT_TRUE(other.recover);
  ExpectWrongUsage({"replay", "a"}, "replay: the configuration is missing; give -c FILE");
  ExpectWrongUsage({"replay", "-c", good_}, "replay: the dead letters are missing; give files");
  ExpectWrongUsage({"replay", "-c", good_, "a", "--sinc", "x"}, "did you mean --sink?");
  EXPECT_EQ(Answered({"replay", "-c", bad_, "a"}).exit_code, ExitCode::kWrongUsage);
  const Answer help = Answered({"replay", "--help"});
  EXPECT_EQ(help.exit_code, ExitCode::kOk);
  for (const char* text :
       {"FILE", "--sink", "--recover", "-c", "can't be replayed yet", "Examples:"}) {
    EXPECT_THAT(help.text, HasSubstr(text));
  }
}

TEST_F(CommandLineFileTest, RunReadsAConfiguration) {
  const auto run = Parsed<RunCommand>({"run", "-c", good_, "--until-exit"});
  EXPECT_EQ(run.configuration.state_dir, "/s");
  EXPECT_THAT(SourceOf(run).paths, ElementsAre("/a"));
  EXPECT_TRUE(run.until_exit.enabled);
  EXPECT_EQ(Parsed<RunCommand>({"run", "--config=" + good_}).configuration.state_dir, "/s");
}

TEST_F(CommandLineFileTest, ATopicHasNoEndToWaitFor) {
  const std::string topics = folder_ / "topics.yaml";
  testing::WriteBytes(topics,
                      "state_dir: /s\n"
                      "sources: [{kind: kafka, brokers: ['k:9092'], topics: [logs]}]\n"
                      "sinks: [{kind: file, path: /e}]\n");
  ExpectWrongUsage({"run", "-c", topics, "--until-exit"}, "needs --exit-marker, because source ");
  EXPECT_TRUE(Parsed<RunCommand>({"run", "-c", topics, "--until-exit", "--exit-marker", "/m"})
                  .until_exit.enabled);
}

TEST_F(CommandLineFileTest, AConfigurationAndFlagsAreOneTooMany) {
  for (const char* flag : {"--file", "--output", "--state-dir", "--http", "--log-level"}) {
    ExpectWrongUsage({"run", "-c", good_, flag, "/x"}, std::string(flag) + ": give either");
  }
  ExpectWrongUsage({"offsets", "list", "-c", good_, "--state-dir", "/x"}, "give either");
}

TEST_F(CommandLineFileTest, MistakesOfAConfigurationAreToldLineByLine) {
  for (const Arguments& command : {Arguments{"run", "-c", bad_}, Arguments{"check", "-c", bad_},
                                   Arguments{"offsets", "list", "-c", bad_}}) {
    const Answer answer = Answered(command);
    EXPECT_EQ(answer.exit_code, ExitCode::kWrongUsage);
    EXPECT_THAT(answer.text, HasSubstr("sparktail: " + bad_ + ":1: sources[0].paths: "));
    EXPECT_THAT(answer.text, HasSubstr("\nsparktail: " + bad_ + ":2: sink: unknown key; did you"));
  }
  ExpectWrongUsage({"run", "-c", folder_ / "none"}, "/none: cannot read it: No such file");
}

TEST_F(CommandLineFileTest, OffsetsKnowTheirCursors) {
  using Action = OffsetsCommand::Action;
  const auto list = Parsed<OffsetsCommand>({"offsets", "list"});
  EXPECT_EQ(list.action, Action::kList);
  EXPECT_EQ(list.state_dir, "/home/me/.local/state/sparktail");
  EXPECT_EQ(list.stream, "");
  EXPECT_FALSE(list.json);
  const auto set = Parsed<OffsetsCommand>(
      {"offsets", "set", "--state-dir", "s", "file/logs/a", "4711", "--sink", "x", "--json"});
  EXPECT_EQ(set.action, Action::kSet);
  EXPECT_EQ(set.state_dir, "/work/s");
  EXPECT_EQ(set.stream, "file/logs/a");
  EXPECT_EQ(set.offset, 4711U);
  EXPECT_EQ(set.sink, "x");
  EXPECT_TRUE(set.json);
  EXPECT_TRUE(set.sinks.empty());
  EXPECT_EQ(Parsed<OffsetsCommand>({"offsets", "set", "a", "beginning"}).offset, 0U);
  const auto forget = Parsed<OffsetsCommand>({"offsets", "forget", "-c", good_, "a"});
  EXPECT_EQ(forget.action, Action::kForget);
  EXPECT_EQ(forget.state_dir, "/s");
  ASSERT_EQ(forget.sinks.size(), 1U);
  EXPECT_EQ(forget.sinks[0].name, "file");
  const auto of_sink = Parsed<OffsetsCommand>({"offsets", "forget", "--sink", "x"});
  EXPECT_EQ(of_sink.sink, "x");
  EXPECT_EQ(of_sink.stream, "");
  EXPECT_EQ(Parsed<OffsetsCommand>({"offsets", "forget", "--all"}).stream, "");
  EXPECT_EQ(Parsed<OffsetsCommand>({"offsets", "forget", "--all", "--sink", "x"}).sink, "x");
  EXPECT_TRUE(Parsed<OffsetsCommand>({"offsets", "--all", "--json", "forget"}).json);
}

TEST(CommandLineTest, OffsetsAreReported) {
  ExpectWrongUsage({"offsets"}, "list, set or forget");
  ExpectWrongUsage({"offsets", "lst"}, "unknown action lst; did you mean list?");
  ExpectWrongUsage({"offsets", "zzzzzz"}, "give list, set or forget");
  ExpectWrongUsage({"offsets", "set"}, "the stream is missing");
  ExpectWrongUsage({"offsets", "forget"}, "the stream is missing");
  ExpectWrongUsage({"offsets", "forget"}, "Give --all for all streams");
  ExpectWrongUsage({"offsets", "forget", "a", "--all"}, "either a stream or --all");
  ExpectWrongUsage({"offsets", "list", "--all"}, "--all works only with offsets forget");
  ExpectWrongUsage({"offsets", "set", "--all", "0"}, "--all works only with offsets forget");
  ExpectWrongUsage({"offsets", "set", "a", "0", "--all"}, "--all works only with offsets forget");
  ExpectWrongUsage({"offsets", "set", "a"}, "the offset is missing");
  ExpectWrongUsage({"offsets", "set", "a", "end"}, "not 'end'");
  ExpectWrongUsage({"offsets", "set", "a", "1", "2"}, "unexpected word 2");
  ExpectWrongUsage({"offsets", "list", "a", "b"}, "unexpected word b");
}

TEST_F(CommandLineFileTest, CheckDoesOneThing) {
  const auto check = Parsed<CheckCommand>({"check", "-c", good_});
  EXPECT_EQ(check.file, good_);
  EXPECT_EQ(check.configuration.state_dir, "/s");
  EXPECT_EQ(Answered({"check", "--print-config-reference"}).text, ConfigReference(AllKinds()));
  EXPECT_EQ(Answered({"check", "--print-json-schema"}).text, ConfigJsonSchema(AllKinds()));
  EXPECT_EQ(Answered({"check", "--print-json-schema"}).exit_code, ExitCode::kOk);
  ExpectWrongUsage({"check"}, "give one of -c FILE");
  ExpectWrongUsage({"check", "-c", good_, "--print-json-schema"}, "give one of -c FILE");
  ExpectWrongUsage({"check", good_}, "unexpected word");
}

}  // namespace
}  // namespace sparktail
