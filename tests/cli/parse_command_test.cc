#include "ingest/cli/parse_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/corpus.h"
#include "tests/support/fake_os.h"
#include "tests/support/wrap.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kBanner =
    "26/11/21 15:33:12 INFO SparkContext: Running Spark version 3.5.9\n";

// A progress event of batch `batch`.
std::string Progress(int batch) {
  return "26/11/21 15:34:03 INFO MicroBatchExecution: Streaming query made progress: {\n"
         "  \"id\" : \"c6c49b04-df5d-4289-b257-bc3b57d2a0d3\",\n"
         "  \"runId\" : \"2458fbb7-83b6-4dc8-995f-c18d2776ee39\",\n"
         "  \"name\" : \"q\",\n"
         "  \"timestamp\" : \"2026-11-21T15:34:02.034Z\",\n"
         "  \"batchId\" : " +
         std::to_string(batch) +
         ",\n"
         "  \"stateOperators\" : [ ],\n  \"sources\" : [ ],\n"
         "  \"sink\" : { \"description\" : \"noop\" }\n}\n";
}

// Batch numbers of the progress documents in `output`, in order. Lines must be whole.
std::vector<int> Batches(const std::string& output) {
  std::vector<int> batches;
  static constexpr std::string_view kKey = "\"batchId\":";
  for (size_t at = 0; at < output.size();) {
    const size_t newline = output.find('\n', at);
    EXPECT_NE(newline, std::string::npos) << output.substr(at);
    const std::string line = output.substr(at, newline - at);
    EXPECT_TRUE(line.starts_with("{\"@timestamp\":") && line.ends_with("}}")) << line;
    const size_t key = line.find(kKey);
    if (key != std::string::npos) batches.push_back(std::atoi(line.c_str() + key + kKey.size()));
    if (newline == std::string::npos) break;
    at = newline + 1;
  }
  return batches;
}

ParseCommand Files(std::vector<std::string> files) {
  ParseCommand command;
  command.files = std::move(files);
  return command;
}

TEST(ParseCommandTest, WritesTheEventsOfAllFilesInTheirOrder) {
  FakeOs os;
  os.files["a.log"] = std::string(kBanner) + Progress(1) + Progress(2);
  os.files["b.log"] = Progress(3);
  os.standard_input = Progress(4);
  EXPECT_EQ(RunParse(Files({"b.log", "-", "a.log"}), &os), ExitCode::kOk);
  EXPECT_EQ(Batches(os.written[1]), (std::vector<int>{3, 4, 1, 2}));
  EXPECT_EQ(os.written[2], "");
  EXPECT_EQ(os.open_files(), 0U);
}

TEST(ParseCommandTest, TheSizeOfReadsAndWritesDoesNotMatter) {
  FakeOs whole;
  whole.files["a.log"] = std::string(kBanner) + Progress(1) + Progress(2);
  ASSERT_EQ(RunParse(Files({"a.log"}), &whole), ExitCode::kOk);
  for (const size_t most : {1, 2, 7, 64, 1000}) {
    FakeOs os;
    os.files = whole.files;
    os.most_read = os.most_written = most;
    EXPECT_EQ(RunParse(Files({"a.log"}), &os), ExitCode::kOk);
    EXPECT_EQ(os.written[1], whole.written[1]) << most;
  }
}

TEST(ParseCommandTest, DocumentsSayWhereTheyAreFrom) {
  FakeOs os;
  const std::string path =
      "logs/application_1700000000000_0042/container_e12_1700000000000_0042_01_000001/stderr";
  os.files[path] = std::string(kBanner) + Progress(1);
  os.standard_input = Progress(2);
  ParseCommand command = Files({path, "-"});
  command.environment = "pro";
  EXPECT_EQ(RunParse(command, &os), ExitCode::kOk);
  const std::string& out = os.written[1];
  EXPECT_THAT(out, HasSubstr("\"environment\":\"pro\",\"appId\":\"application_1700000000000_0042\","
                             "\"attempt\":1,\"containerId\":\"container_e12"));
  EXPECT_THAT(out, HasSubstr("\"source\":{\"name\":\"file\",\"path\":\"" + path +
                             "\",\"offset\":" + std::to_string(kBanner.size()) + "}"));
  EXPECT_THAT(out, HasSubstr("\"source\":{\"name\":\"stdin\",\"offset\":0}"));
}

TEST(ParseCommandTest, TheCommandLineOverridesThePath) {
  FakeOs os;
  const std::string path = "application_1_2/container_1_2_01_000001/stderr";
  os.files[path] = Progress(1);
  ParseCommand command = Files({path});
  command.identity.app_id = "application_8_9";
  command.identity.app_name = "given";
  EXPECT_EQ(RunParse(command, &os), ExitCode::kOk);
  EXPECT_THAT(os.written[1], HasSubstr("\"appName\":\"given\",\"appId\":\"application_8_9\""));
}

TEST(ParseCommandTest, AFileThatCannotBeReadDoesNotStopTheOthers) {
  FakeOs os;
  os.files["a.log"] = Progress(1);
  os.files["b.log"] = Progress(2);
  os.directories.insert("folder");
  EXPECT_EQ(RunParse(Files({"a.log", "missing.log", "folder", "b.log"}), &os), ExitCode::kFailed);
  EXPECT_EQ(Batches(os.written[1]), (std::vector<int>{1, 2}));
  EXPECT_EQ(os.written[2],
            "sparktail: missing.log: cannot read it: No such file or directory\n"
            "sparktail: folder: cannot read it: it is a directory; name the log files in it\n");
}

TEST(ParseCommandTest, EventsBeforeAFailedReadAreDelivered) {
  for (const bool is_stdin : {false, true}) {
    FakeOs os;
    const std::string events = Progress(1) + Progress(2);
    (is_stdin ? os.standard_input : os.files["a.log"]) = events + Progress(3);
    os.files["b.log"] = Progress(4);
    os.most_read = events.size();
    os.FailAt(4, absl::UnavailableError("Input/output error"));
    // Calls: (Open,) Stat, Read, and for standard input a Write after each Read.
    const std::string name = is_stdin ? "-" : "a.log";
    EXPECT_EQ(RunParse(Files({name, "b.log"}), &os), ExitCode::kFailed);
    ASSERT_TRUE(os.failure());
    EXPECT_EQ(os.failure()->call, FakeOs::Call::kRead);
    EXPECT_EQ(Batches(os.written[1]), (std::vector<int>{1, 2, 4}));
    EXPECT_THAT(os.written[2], StartsWith("sparktail: "));
    EXPECT_THAT(os.written[2], HasSubstr("cannot read it: Input/output error\n"));
  }
}

TEST(ParseCommandTest, AnOpenEventIsReportedWhenItsFileFails) {
  FakeOs os;
  os.files["a.log"] = Progress(1) + Progress(2);
  os.most_read = os.files["a.log"].size() - 20;
  os.FailAt(4, absl::UnavailableError("Input/output error"));
  EXPECT_EQ(RunParse(Files({"a.log"}), &os), ExitCode::kFailed);
  EXPECT_EQ(Batches(os.written[1]), (std::vector<int>{1}));
  EXPECT_THAT(os.written[1], HasSubstr("\"rule\":\"progress_incomplete\""));
}

TEST(ParseCommandTest, APipeIsFlushedAfterEveryRead) {
  FakeOs os;
  os.standard_input = Progress(1) + Progress(2);
  os.most_read = os.standard_input.size() / 2;
  // The second read returns only after the first event is written: calls are Stat, Read, Write.
  os.FailAt(4, absl::UnavailableError("gone"));
  EXPECT_EQ(RunParse(Files({"-"}), &os), ExitCode::kFailed);
  EXPECT_EQ(os.failure()->call, FakeOs::Call::kRead);
  EXPECT_EQ(Batches(os.written[1]), (std::vector<int>{1}));
}

TEST(ParseCommandTest, AGoneReaderIsNoError) {
  FakeOs os;
  os.files["a.log"] = Progress(1);
  os.standard_input = Progress(2);
  os.FailAlways(FakeOs::Call::kWrite, 1, absl::CancelledError("Broken pipe"));
  EXPECT_EQ(RunParse(Files({"-", "a.log"}), &os), ExitCode::kOk);
  EXPECT_EQ(os.written[2], "");
  EXPECT_EQ(os.open_files(), 0U);
}

TEST(ParseCommandTest, AGoneReaderEndsTheReading) {
  FakeOs os;
  os.standard_input = Progress(1);
  os.FailAlways(FakeOs::Call::kWrite, 1, absl::CancelledError("Broken pipe"));
  EXPECT_EQ(RunParse(Files({"-", "never-opened"}), &os), ExitCode::kOk);
  EXPECT_EQ(os.written[2], "");
}

TEST(ParseCommandTest, NoEventIsExplainedAndNoError) {
  FakeOs os;
  os.files["empty.log"] = "";
  os.files["warn.log"] = "26/11/21 15:33:12 WARN A: b\n";
  os.standard_input = "no log\n";
  EXPECT_EQ(RunParse(Files({"empty.log", "warn.log", "-"}), &os), ExitCode::kOk);
  EXPECT_EQ(os.written[1], "");
  EXPECT_THAT(os.written[2], StartsWith("sparktail: empty.log: no event found: it is empty.\n"));
  EXPECT_THAT(os.written[2], HasSubstr("sparktail: warn.log: no event found: INFO is off"));
  EXPECT_THAT(os.written[2],
              HasSubstr("sparktail: standard input: no event found: it has an unknown layout"));
}

TEST(ParseCommandTest, MessagesMoveNoCursor) {
  FakeOs os;
  os.files["\x1b[2J\n.log"] = "\x1b[31mred\x07\n";
  RunParse(Files({"\x1b[2J\n.log", "missing\x1b\n"}), &os);
  for (const char c : os.written[2]) {
    EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n') << os.written[2];
  }
  EXPECT_EQ(std::count(os.written[2].begin(), os.written[2].end(), '\n'), 2);
}

TEST(ParseCommandTest, StatsCountAllFiles) {
  FakeOs os;
  os.files["a.log"] = std::string(kBanner) + Progress(1) + Progress(2);
  os.files["b.log"] = Progress(3);
  ParseCommand command = Files({"a.log", "missing", "b.log"});
  command.stats = true;
  command.parser.count_records = true;
  EXPECT_EQ(RunParse(command, &os), ExitCode::kFailed);
  const size_t bytes = os.files["a.log"].size() + os.files["b.log"].size();
  EXPECT_THAT(os.written[2],
              HasSubstr("bytes: " + std::to_string(bytes) +
                        "\nrecords: 4\nevents: 3 (progress 3, query 0, signal 0)\n"));
}

TEST(ParseCommandTest, OnlyTheAskedForKindsAreWritten) {
  FakeOs os;
  os.files["a.log"] = Progress(1) +
                      "26/11/21 15:34:06 INFO MicroBatchExecution: Query q [id = "
                      "c6c49b04-df5d-4289-b257-bc3b57d2a0d3, runId = "
                      "2458fbb7-83b6-4dc8-995f-c18d2776ee39] was stopped\n";
  ParseCommand command = Files({"a.log"});
  command.parser.kinds = EventKinds::None();
  command.parser.kinds.Add(EventKind::kQuery);
  EXPECT_EQ(RunParse(command, &os), ExitCode::kOk);
  EXPECT_EQ(Batches(os.written[1]), (std::vector<int>{}));
  EXPECT_THAT(os.written[1], HasSubstr("\"phase\":\"stopped\""));
}

// Every call of a run fails once. Whatever fails, the user is told, files that do not fail are
// read in full, and nothing is written in part or twice.
TEST(ParseCommandTest, AnyFailureIsReportedAndStaysWhereItIs) {
  size_t n = 0;
  bool clean = false;
  while (!clean) {
    ++n;
    SCOPED_TRACE("call " + std::to_string(n));
    FakeOs os;
    os.files["a.log"] = std::string(kBanner) + Progress(1) + Progress(2);
    os.files["b.log"] = Progress(4);
    os.standard_input = Progress(3);
    os.most_read = 300;
    os.FailAt(n, absl::UnavailableError("Input/output error"));
    const ExitCode code = RunParse(Files({"a.log", "-", "b.log"}), &os);
    EXPECT_EQ(os.open_files(), 0U);
    ASSERT_LT(n, 1000U);
    const std::string& errors = os.written[2];
    const std::vector<int> all = {1, 2, 3, 4};
    if (!os.failure()) {
      clean = true;
      EXPECT_EQ(code, ExitCode::kOk);
      EXPECT_EQ(errors, "");
      EXPECT_EQ(Batches(os.written[1]), all);
      continue;
    }
    const FakeOs::Failure& failure = *os.failure();
    if (failure.call == FakeOs::Call::kWrite) {
      EXPECT_EQ(failure.fd, 1);
      EXPECT_EQ(code, ExitCode::kFailed);
      EXPECT_EQ(errors, "sparktail: cannot write to standard output: Input/output error\n");
      const std::vector<int> written = Batches(os.written[1]);
      ASSERT_LE(written.size(), all.size());
      EXPECT_TRUE(std::equal(written.begin(), written.end(), all.begin()));
      continue;
    }
    if (failure.call == FakeOs::Call::kStat && failure.fd == 0) {
      EXPECT_EQ(code, ExitCode::kOk);  // that was only a question
      EXPECT_EQ(Batches(os.written[1]), all);
      continue;
    }
    EXPECT_EQ(code, ExitCode::kFailed);
    EXPECT_THAT(errors, StartsWith("sparktail: "));
    EXPECT_THAT(errors, HasSubstr(": cannot read it: Input/output error\n"));
    if (failure.path != "-") {
      EXPECT_THAT(errors, HasSubstr(failure.path));
    }
    const std::vector<int> batches = Batches(os.written[1]);
    EXPECT_TRUE(std::is_sorted(batches.begin(), batches.end()));
    const auto has = [&](int batch) {
      return std::find(batches.begin(), batches.end(), batch) != batches.end();
    };
    EXPECT_TRUE(failure.path == "a.log" || (has(1) && has(2)));
    EXPECT_TRUE(failure.path == "-" || has(3));
    EXPECT_TRUE(failure.path == "b.log" || has(4));
  }
  EXPECT_GT(n, 15U);
}

TEST(ParseCommandTest, ALostErrorMessageDoesNotChangeTheOutcome) {
  FakeOs os;
  os.files["a.log"] = Progress(1);
  os.FailAlways(FakeOs::Call::kWrite, 2, absl::UnavailableError("closed"));
  EXPECT_EQ(RunParse(Files({"missing", "a.log"}), &os), ExitCode::kFailed);
  EXPECT_EQ(Batches(os.written[1]), (std::vector<int>{1}));
}

TEST(ParseCommandTest, ALogLargerThanTheBuffersIsReadInFull) {
  FakeOs os;
  std::vector<int> expected;
  std::string noise(100'000, 'x');
  for (int batch = 0; batch < 2000; ++batch) {
    os.files["a.log"] += Progress(batch);
    if (batch % 200 == 0) os.files["a.log"] += noise + "\n";
    expected.push_back(batch);
  }
  EXPECT_EQ(RunParse(Files({"a.log"}), &os), ExitCode::kOk);
  EXPECT_EQ(Batches(os.written[1]), expected);
}

// Documents in the order in which they were written.
std::vector<std::string> Lines(const std::string& output) {
  std::vector<std::string> lines;
  std::istringstream text(output);
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

std::string Written(const std::string& log, size_t most_read = SIZE_MAX) {
  FakeOs os;
  os.files["driver.log"] = log;
  os.most_read = most_read;
  EXPECT_EQ(RunParse(Files({"driver.log"}), &os), ExitCode::kOk);
  return os.written[1];
}

// Ids, offsets and everything else are those of the plain log.
TEST(ParseCommandTest, WrappedLogsGiveTheDocumentsOfThePlainOnes) {
  std::mt19937_64 random(testing::Seed());
  for (const std::string& name : testing::PlainLogs()) {
    const std::string log = testing::ReadFile(testing::DataPath(name + ".log"));
    if (testing::Scale() < 10 && log.size() > 600'000) continue;
    const std::string plain = Written(log);
    for (const Wrapping wrapping : {Wrapping::kCri, Wrapping::kDocker}) {
      for (const size_t part : {size_t{16} << 10, size_t{8} << 10, size_t{100}}) {
        const std::string wrapped = testing::Wrap(log, {wrapping, part, random() % 2 == 0});
        const size_t largest = size_t{64} << (random() % 13);
        EXPECT_TRUE(Written(wrapped, largest) == plain) << name << " in parts of " << part;
      }
    }
  }
}

// A stream does not depend on the rest of the file.
TEST(ParseCommandTest, StreamsOfAWrappedLogAreReadApart) {
  std::mt19937_64 random(testing::Seed());
  const std::string log = testing::ReadFile(testing::DataPath("3.5.9/fail.default.log"));
  const std::string other = testing::ReadFile(testing::DataPath("3.5.9/avail.default.log"));
  std::vector<std::string> expected = Lines(Written(log) + Written(other));
  std::sort(expected.begin(), expected.end());
  for (const Wrapping wrapping : {Wrapping::kCri, Wrapping::kDocker}) {
    for (const size_t most_read : {SIZE_MAX, size_t{1000}}) {
      const std::string wrapped =
          testing::Wrap(other, log, {wrapping, 200}, [&] { return random() % 3 != 0; });
      std::vector<std::string> found = Lines(Written(wrapped, most_read));
      std::sort(found.begin(), found.end());
      EXPECT_EQ(found, expected);
    }
  }
}

TEST(ParseCommandTest, StatsOfAWrappedLogCountItsBytes) {
  FakeOs os;
  os.files["a.log"] = testing::Wrap(std::string(kBanner) + Progress(1), {});
  ParseCommand command = Files({"a.log"});
  command.stats = true;
  command.parser.count_records = true;
  EXPECT_EQ(RunParse(command, &os), ExitCode::kOk);
  EXPECT_THAT(os.written[2],
              HasSubstr("bytes: " + std::to_string(os.files["a.log"].size()) +
                        "\nrecords: 2\nevents: 1 (progress 1, query 0, signal 0)\n"));
}

TEST(ParseCommandTest, AWrappedLogWithoutEventsIsExplainedByItsContent) {
  const std::string warn = "26/11/21 15:33:12 WARN A: b\n";
  for (const Wrapping wrapping : {Wrapping::kCri, Wrapping::kDocker}) {
    FakeOs os;
    os.files["a.log"] = testing::Wrap("x\n", warn + warn, {wrapping}, [] { return false; });
    EXPECT_EQ(RunParse(Files({"a.log"}), &os), ExitCode::kOk);
    EXPECT_THAT(os.written[2], HasSubstr("no event found: INFO is off"));
    EXPECT_THAT(os.written[2], ::testing::Not(HasSubstr("skipped")));
  }
}

TEST(ParseCommandTest, LinesThatAreNotWrappedAreToldOf) {
  FakeOs os;
  const std::string event = testing::Wrap(Progress(1), {});
  os.files["a.log"] = event + "not wrapped\n\n" + event;
  EXPECT_EQ(RunParse(Files({"a.log"}), &os), ExitCode::kOk);
  EXPECT_EQ(Batches(os.written[1]), (std::vector<int>{1, 1}));
  EXPECT_EQ(os.written[2],
            "sparktail: a.log: skipped 2 of its lines: they are not wrapped by Kubernetes, as "
            "the first one is.\n");
}

TEST(ParseCommandTest, AFirstLineThatIsNotWrappedIsToldOf) {
  for (const Wrapping wrapping : {Wrapping::kCri, Wrapping::kDocker}) {
    FakeOs os;
    os.files["a.log"] = "half of a line\n" + testing::Wrap(Progress(1), {wrapping});
    EXPECT_EQ(RunParse(Files({"a.log"}), &os), ExitCode::kOk);
    EXPECT_EQ(os.written[1], "");
    EXPECT_THAT(os.written[2], HasSubstr("but its first line is not, so it was not unwrapped"));
  }
}

TEST(ParseCommandTest, PathsOfKubernetesAreTold) {
  const std::string id(64, 'a');
  const std::string path = "/var/log/containers/etl-driver_prod_spark-" + id + ".log";
  FakeOs os;
  os.files[path] = testing::Wrap(Progress(1), {});
  EXPECT_EQ(RunParse(Files({path}), &os), ExitCode::kOk);
  EXPECT_THAT(os.written[1], HasSubstr("\"containerId\":\"" + id + "\""));
  EXPECT_THAT(os.written[1], HasSubstr("\"offset\":0,\"namespace\":\"prod\",\"pod\":"
                                       "\"etl-driver\",\"container\":\"spark\"}"));
}

}  // namespace
}  // namespace sparktail
