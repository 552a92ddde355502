#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <variant>
#include <vector>

#include "ingest/cli/command_line.h"
#include "ingest/cli/output.h"

int main(int argc, char** argv) {
  using namespace sparktail;
  // A reader that has gone is an error of write(), not a signal.
  std::signal(SIGPIPE, SIG_IGN);
  PosixOs os;
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  const Command command = ReadCommandLine(arguments, SPARKTAIL_VERSION);
  if (const auto* answer = std::get_if<Answer>(&command)) {
    const int fd = answer->exit_code == ExitCode::kOk ? STDOUT_FILENO : STDERR_FILENO;
    const absl::Status written = WriteAll(&os, fd, answer->text);
    const bool failed = !written.ok() && answer->exit_code == ExitCode::kOk;
    return static_cast<int>(failed ? ExitCode::kFailed : answer->exit_code);
  }
  return static_cast<int>(RunParse(std::get<ParseCommand>(command), &os));
}
