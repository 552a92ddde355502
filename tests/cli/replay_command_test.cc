#include "ingest/cli/replay_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "offsets/cursor_store.h"
#include "tests/support/dead_letter_lines.h"
#include "tests/support/faulty_os.h"
#include "tests/support/kafka_mock.h"
#include "tests/support/of_kind.h"
#include "tests/support/recording_log.h"
#include "tests/support/spark_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::DeadLetterLine;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::NumbersOf;
using testing::WriteBytes;

// Captures standard output and standard error.
class CapturingOs : public testing::FaultyOs {
 public:
  std::string out;
  std::string error;

  absl::StatusOr<size_t> Write(int fd, const char* buffer, size_t size) override {
    if (fd != STDOUT_FILENO && fd != STDERR_FILENO) return FaultyOs::Write(fd, buffer, size);
    (fd == STDOUT_FILENO ? out : error).append(buffer, size);
    return size;
  }
};

class ReplayCommandTest : public ::testing::Test {
 protected:
  ReplayCommandTest() {
    Configuration& configuration = command_.configuration;
    configuration.state_dir = folder_ / "state";
    configuration.instance = "prod";
    configuration.http = "127.0.0.1:1";  // is taken, by `run`
    SourceConfiguration logs;
    logs.name = "logs";
    FileSourceOptions files;
    files.paths = {folder_ / "*.log"};
    testing::SetOptions(files, &logs);
    configuration.sources.push_back(logs);
    Add("out", StdoutSinkOptions());
    Add("history", SqliteSinkOptions{.path = folder_ / "history.db"});
    Add("file", FileSinkOptions{.path = folder_ / "events.ndjson"});
  }

  void Add(const std::string& name, auto options) {
    SinkConfiguration sink;
    sink.name = name;
    testing::SetOptions(std::move(options), &sink);
    command_.configuration.sinks.push_back(std::move(sink));
  }
  void Give(const std::string& name, const std::string& content) {
    command_.files.push_back(folder_ / name);
    WriteBytes(command_.files.back(), content);
  }
  ExitCode Run() {
    os_.out.clear();
    os_.error.clear();
    return RunReplay(command_, "test", &os_);
  }
  // Errors come first: nothing is created.
  void ExpectWrong(const std::string& what, ExitCode code = ExitCode::kWrongUsage) {
    EXPECT_EQ(Run(), code);
    EXPECT_THAT(os_.error, HasSubstr(what));
    EXPECT_FALSE(std::filesystem::exists(command_.configuration.state_dir)) << os_.error;
    EXPECT_THAT(os_.out, IsEmpty());
  }
  std::vector<std::string> States() {
    return os_.List(command_.configuration.state_dir + "/replay")
        .value_or(std::vector<std::string>());
  }

  const testing::TempDir folder_{testing::TempDir::Place::kMemory};
  CapturingOs os_;
  ReplayCommand command_;
};

TEST_F(ReplayCommandTest, SendsEachToTheSinkThatItsLineNames) {
  Give("a", DeadLetterLine("out", 1) + DeadLetterLine("history", 2) + DeadLetterLine("out", 3));
  EXPECT_EQ(Run(), ExitCode::kOk) << os_.error;
  EXPECT_THAT(NumbersOf(os_.out), ElementsAre(1, 3));
  EXPECT_THAT(os_.error, HasSubstr("sparktail: sent 2 events to sink out, 1 event to sink "
                                   "history\n"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "history.db"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "events.ndjson")) << "that is not opened";
}

TEST_F(ReplayCommandTest, OrAllToOne) {
  command_.sink = "out";
  Give("a", DeadLetterLine("history", 1) + DeadLetterLine("unheard-of", 2) + DeadLetterLine("", 3));
  EXPECT_EQ(Run(), ExitCode::kOk) << os_.error;
  EXPECT_THAT(NumbersOf(os_.out), ElementsAre(1, 2, 3));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "history.db"));
}

TEST_F(ReplayCommandTest, ItsStateIsItsOwnAndThatOfItsFiles) {
  Give("a", DeadLetterLine("out", 1));
  // As in `run`.
  testing::RecordingLog log;
  const auto store = CursorStore::Open(&os_, &log, command_.configuration.state_dir,
                                       CursorStore::Access::kOwn, false);
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(Run(), ExitCode::kOk) << os_.error;
  EXPECT_EQ(States().size(), 1U);

  EXPECT_EQ(Run(), ExitCode::kOk) << os_.error;
  EXPECT_THAT(os_.out, IsEmpty()) << "it resumes where it stopped";
  EXPECT_THAT(os_.error, HasSubstr("sent 0 events to sink out; 1 event had been sent before\n"));

  WriteBytes(command_.files[0], DeadLetterLine("out", 1) + DeadLetterLine("out", 2));
  EXPECT_EQ(Run(), ExitCode::kOk) << os_.error;
  EXPECT_THAT(NumbersOf(os_.out), ElementsAre(1, 2)) << "these are others";
  EXPECT_EQ(States().size(), 2U);

  command_.sink = "history";
  EXPECT_EQ(Run(), ExitCode::kOk) << os_.error;
  EXPECT_EQ(States().size(), 3U) << "and so is what goes elsewhere";
  EXPECT_THAT((*store)->LoadAll().value(), IsEmpty());
}

TEST_F(ReplayCommandTest, EventsThatCannotBeSentAreReported) {
  std::string lines = DeadLetterLine("out", 1);
  for (int i = 0; i < 30; ++i) lines += "{\"sink\":\"out\",\"document\":\"\\u001b[2Jx\"}\n";
  Give("a", lines + "{\"time\":");
  EXPECT_EQ(Run(), ExitCode::kDeadLetters);
  EXPECT_THAT(NumbersOf(os_.out), ElementsAre(1));
  EXPECT_THAT(os_.error, HasSubstr(command_.files[0] + ":2: skipped: its document is a string"));
  EXPECT_THAT(os_.error, Not(HasSubstr(command_.files[0] + ":22: ")));
  EXPECT_THAT(os_.error, HasSubstr("… and 11 more like this\n"));
  EXPECT_THAT(os_.error, HasSubstr("; 30 lines skipped, see above\n"));
}

TEST_F(ReplayCommandTest, ThereMayBeNothingToSend) {
  Give("empty", "");
  EXPECT_EQ(Run(), ExitCode::kOk);
  EXPECT_EQ(os_.error, "sparktail: there is nothing to send\n");
  Give("cut", "{\"time\":\"2026");
  EXPECT_EQ(Run(), ExitCode::kOk) << "its event is elsewhere";
  EXPECT_THAT(os_.error, HasSubstr("cut:1: skipped: the line is cut"));
  Give("unfit", "{\"sink\":\"out\",\"document\":1}\n");
  EXPECT_EQ(Run(), ExitCode::kDeadLetters);
  EXPECT_THAT(os_.error, HasSubstr("nothing to send; 1 line skipped"));
  EXPECT_THAT(States(), IsEmpty());
}

TEST_F(ReplayCommandTest, NothingIsSentIfSomethingIsWrong) {
  Give("a", DeadLetterLine("out", 1));
  Give("b", DeadLetterLine("history", 2) + "hello\n");
  ExpectWrong(folder_ / "b" + ":2: this is not a dead letter");
  WriteBytes(command_.files[1], DeadLetterLine("out", 1) + DeadLetterLine("histroy", 2));
  ExpectWrong(folder_ / "b" +
              ":2: the configuration has no sink histroy; did you mean --sink "
              "history?");
  WriteBytes(command_.files[1], DeadLetterLine("out", 1) + DeadLetterLine("zzzz", 2));
  ExpectWrong("no sink zzzz; name another one with --sink");
  WriteBytes(command_.files[1], DeadLetterLine("", 1));
  ExpectWrong(folder_ / "b" + ":1: it names no sink");
  WriteBytes(command_.files[1],
             DeadLetterLine("out", 1,
                            std::string(command_.configuration.max_event_bytes, 'x') +
                                std::string(size_t{1} << 20, 'x')));
  ExpectWrong(folder_ / "b" + ":1: the line is longer than 17MiB");
  command_.files.push_back(folder_ / "missing");
  WriteBytes(command_.files[1], "");
  ExpectWrong(folder_ / "missing: No such file", ExitCode::kFailed);
}

TEST_F(ReplayCommandTest, TheSinkHasToBeOneThatMayBeWrittenTo) {
  Give("a", DeadLetterLine("file", 1));
  ExpectWrong(folder_ / "a" + ":1: sink file is a file, which only `sparktail run` may write to");
  command_.sink = "file";
  ExpectWrong("--sink: sink file is a file");
  command_.sink = "otu";
  ExpectWrong("--sink: the configuration has no sink otu; did you mean --sink out?");
}

TEST_F(ReplayCommandTest, AFileThatCannotBeReadAnyMoreIsAFailure) {
  Give("a", DeadLetterLine("out", 1));
  // Fails when it is opened the second time, after the survey.
  os_.Fail({.n = 2, .calls = {testing::FaultyOs::Call::kOpenToFollow}, .path_contains = "/a"});
  EXPECT_EQ(Run(), ExitCode::kFailed);
  EXPECT_THAT(os_.error, HasSubstr("/a: Input/output error"));
  EXPECT_THAT(os_.error, HasSubstr("sent 0 events to sink out; not all events are sent: run the "
                                   "same command again to resume\n"));
  os_.Heal();
  EXPECT_EQ(Run(), ExitCode::kOk);
  EXPECT_THAT(NumbersOf(os_.out), ElementsAre(1));
}

TEST_F(ReplayCommandTest, TwoOfTheSameAtOnceAreOneTooMany) {
  Give("a", DeadLetterLine("out", 1));
  EXPECT_EQ(Run(), ExitCode::kOk);
  testing::RecordingLog log;
  const auto store =
      CursorStore::Open(&os_, &log, command_.configuration.state_dir + "/replay/" + States().at(0),
                        CursorStore::Access::kOwn, false);
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(Run(), ExitCode::kFailed);
  EXPECT_THAT(os_.error, HasSubstr(std::to_string(::getpid())));
}

// The cursors are in the topic, under the replay's name: the loss of its state costs nothing.
TEST_F(ReplayCommandTest, InTransactionsItHasANameOfItsOwn) {
  const testing::KafkaMock mock(1);
  mock.MakeTopic("events", 1);
  mock.MakeTopic("cursors", 1);
  KafkaSinkOptions options;
  options.client = mock.Options();
  options.topic = "events";
  options.offsets_topic = "cursors";
  Add("kafka", options);
  Give("a", DeadLetterLine("kafka", 1) + DeadLetterLine("kafka", 2));
  EXPECT_EQ(Run(), ExitCode::kOk) << os_.error;
  const std::string name = "prod-replay-" + States().at(0);
  std::filesystem::remove_all(command_.configuration.state_dir);
  EXPECT_EQ(Run(), ExitCode::kOk) << os_.error;
  EXPECT_THAT(os_.error, HasSubstr("sent 0 events to sink kafka; 2 events had been sent before"));
  std::string sent;
  for (const auto& record : mock.Read("events")) sent += record.value.value_or("");
  EXPECT_THAT(NumbersOf(sent), ElementsAre(1, 2));
  for (const auto& record : mock.Read("cursors")) {
    EXPECT_THAT(record.key.value_or(""), HasSubstr(name + "/kafka"));
  }
}

}  // namespace
}  // namespace sparktail
