#include "ingest/cli/run_command.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <string>

#include "tests/support/faulty_os.h"
#include "tests/support/of_kind.h"
#include "tests/support/spark_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::Records;
using testing::TempDir;
using testing::WriteBytes;

// A call about a path hangs, as on an unreachable file server. Then SIGTERM arrives.
class HangingOs : public PosixOs {
 public:
  enum class Call { kOpen, kReadAt };
  HangingOs(std::string path, Call call) : path_(std::move(path)), call_(call) {}

  absl::StatusOr<int> OpenToFollow(const std::string& path) override {
    if (path == path_ && call_ == Call::kOpen) Hang();
    absl::StatusOr<int> fd = PosixOs::OpenToFollow(path);
    if (path == path_) fd_ = fd.value_or(-1);
    return fd;
  }
  absl::StatusOr<size_t> ReadAt(int fd, uint64_t offset, char* buffer, size_t size) override {
    if (fd == fd_ && call_ == Call::kReadAt) Hang();
    return PosixOs::ReadAt(fd, offset, buffer, size);
  }

 private:
  [[noreturn]] static void Hang() {
    ::kill(::getpid(), SIGTERM);
    while (true) ::pause();
  }

  const std::string path_;
  const Call call_;
  int fd_ = -1;
};

class RunCommandDeathTest : public ::testing::Test {
 protected:
  RunCommandDeathTest() {
    Configuration& configuration = command_.configuration;
    configuration.state_dir = folder_ / "state";
    configuration.shutdown_timeout = absl::Milliseconds(50);
    SourceConfiguration source;
    source.name = "logs";
    FileSourceOptions files;
    files.paths = {log_path_};
    testing::SetOptions(files, &source);
    configuration.sources.push_back(source);
    SinkConfiguration sink;
    sink.name = "events";
    testing::SetOptions(FileSinkOptions{.path = folder_ / "events.ndjson"}, &sink);
    configuration.sinks.push_back(sink);
    WriteBytes(log_path_, Records(0, 3));
  }

  // In a process of its own.
  void Run(HangingOs::Call call) {
    ::alarm(60);
    HangingOs os(log_path_, call);
    std::_Exit(100 + static_cast<int>(RunRun(command_, "test", &os)));
  }

  const TempDir folder_{TempDir::Place::kMemory};
  const std::string log_path_ = folder_ / "driver.log";
  RunCommand command_;
};

TEST_F(RunCommandDeathTest, AReaderThatHangsIsLeftAfterShutdownTimeout) {
  EXPECT_EXIT(Run(HangingOs::Call::kReadAt), ::testing::ExitedWithCode(0),
              "hangs while it reads source logs; .*delivered");
}

TEST_F(RunCommandDeathTest, OneThatHangsAtTheStartIsLeftToo) {
  EXPECT_EXIT(Run(HangingOs::Call::kOpen), ::testing::ExitedWithCode(0),
              "hangs while it opens source logs; ");
}

TEST_F(RunCommandDeathTest, UntilExitThatIsAFailure) {
  command_.until_exit.enabled = true;
  EXPECT_EXIT(Run(HangingOs::Call::kReadAt), ::testing::ExitedWithCode(1), "hangs");
}

}  // namespace
}  // namespace sparktail
