#include "ingest/cli/check_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/corpus.h"
#include "tests/support/of_kind.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Captures standard output. The clock says 2030, after the recorded logs.
class CapturingOs : public PosixOs {
 public:
  absl::Time Now() override {
    return absl::FromCivil(absl::CivilDay(2030, 1, 1), absl::UTCTimeZone());
  }
  absl::StatusOr<size_t> Write(int fd, const char* buffer, size_t size) override {
    if (fd != STDOUT_FILENO) return PosixOs::Write(fd, buffer, size);
    if (!fails.ok()) return fails;
    written.append(buffer, size);
    return size;
  }
  std::string written;
  absl::Status fails;
};

class CheckCommandTest : public ::testing::Test {
 protected:
  CheckCommandTest() {
    command_.file = "s.yaml";
    Configuration& configuration = command_.configuration;
    configuration.state_dir = folder_ / "state";
    SourceConfiguration source;
    source.name = "logs";
    FileSourceOptions options;
    options.paths = {folder_ / "*.log"};
    testing::SetOptions(options, &source);
    configuration.sources = {source};
    SinkConfiguration sink;
    sink.name = "file";
    FileSinkOptions file;
    file.path = folder_ / "e.ndjson";
    testing::SetOptions(file, &sink);
    configuration.sinks = {sink};
    testing::WriteBytes(folder_ / "a.log",
                        testing::ReadFile(testing::DataPath("3.5.9/basic.default.log")));
  }

  testing::TempDir folder_;
  CapturingOs os_;
  CheckCommand command_;
};

TEST_F(CheckCommandTest, EverythingIsLookedAt) {
  command_.configuration.log.path = folder_ / "run.log";
  EXPECT_EQ(RunCheck(command_, &os_), ExitCode::kOk) << os_.written;
  EXPECT_THAT(os_.written,
              AllOf(HasSubstr("ok       configuration: s.yaml: 1 source, 1 sink\n"),
                    HasSubstr("ok       state_dir: "), HasSubstr("ok       log: "),
                    HasSubstr("ok       source logs: "), HasSubstr("ok       sink file: ")));
  EXPECT_THAT(os_.written, HasSubstr(" ok, 0 warnings, 0 failed\n"));
}

TEST_F(CheckCommandTest, BrokenSinksFail) {
  command_.configuration.sinks[0].options.Get<FileSinkOptions>().path = "/nowhere/e.ndjson";
  EXPECT_EQ(RunCheck(command_, &os_), ExitCode::kFailed);
  EXPECT_THAT(os_.written, HasSubstr(" 1 failed\n"));
}

TEST_F(CheckCommandTest, ASinkThatNobodyFeedsIsTold) {
  command_.configuration.sinks[0].name = "other";
  command_.configuration.sources[0].sinks = {"file"};
  EXPECT_EQ(RunCheck(command_, &os_), ExitCode::kOk);
  EXPECT_THAT(os_.written, AllOf(HasSubstr("warning  sink other: no source delivers to it"),
                                 HasSubstr(" 1 warning, 0 failed\n")));
}

TEST_F(CheckCommandTest, AReportThatNobodyCanReadIsAFailure) {
  os_.fails = absl::UnavailableError("Input/output error");
  EXPECT_EQ(RunCheck(command_, &os_), ExitCode::kFailed);
  os_.fails = absl::CancelledError("Broken pipe");
  EXPECT_EQ(RunCheck(command_, &os_), ExitCode::kOk);
}

}  // namespace
}  // namespace sparktail
