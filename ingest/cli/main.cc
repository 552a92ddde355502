#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <variant>
#include <vector>

#include "ingest/base/os.h"
#include "ingest/cli/command_line.h"

namespace sparktail {
namespace {

struct Runner {
  Os* os;

  ExitCode operator()(const Answer& answer) const {
    const int fd = answer.exit_code == ExitCode::kOk ? STDOUT_FILENO : STDERR_FILENO;
    const absl::Status written = WriteAll(os, fd, answer.text);
    const bool failed = !written.ok() && answer.exit_code == ExitCode::kOk;
    return failed ? ExitCode::kFailed : answer.exit_code;
  }
  ExitCode operator()(const ParseCommand& command) const { return RunParse(command, os); }
  ExitCode operator()(const RunCommand& command) const {
    return RunRun(command, SPARKTAIL_VERSION, os);
  }
  ExitCode operator()(const OffsetsCommand& command) const { return RunOffsets(command, os); }
  ExitCode operator()(const CheckCommand& command) const { return RunCheck(command, os); }
};

}  // namespace
}  // namespace sparktail

int main(int argc, char** argv) {
  using namespace sparktail;
  // A reader that has gone is an error of write(), not a signal.
  std::signal(SIGPIPE, SIG_IGN);
  PosixOs os;
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  const Command command =
      ReadCommandLine(arguments, SPARKTAIL_VERSION, Surroundings::OfProcess(&os));
  return static_cast<int>(std::visit(Runner{&os}, command));
}
