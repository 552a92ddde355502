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

ExitCode Tell(const Answer& answer, Os* os) {
  const int fd = answer.exit_code == ExitCode::kOk ? STDOUT_FILENO : STDERR_FILENO;
  const absl::Status written = WriteAll(os, fd, answer.text);
  const bool failed = !written.ok() && answer.exit_code == ExitCode::kOk;
  return failed ? ExitCode::kFailed : answer.exit_code;
}

ExitCode Execute(const Command& command, Os* os) {
  if (const auto* answer = std::get_if<Answer>(&command)) return Tell(*answer, os);
  if (const auto* parse = std::get_if<ParseCommand>(&command)) return RunParse(*parse, os);
  if (const auto* offsets = std::get_if<OffsetsCommand>(&command)) return RunOffsets(*offsets, os);
  if (const auto* check = std::get_if<CheckCommand>(&command)) return RunCheck(*check, os);
  return RunRun(std::get<RunCommand>(command), SPARKTAIL_VERSION, os);
}

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
  return static_cast<int>(Execute(command, &os));
}
