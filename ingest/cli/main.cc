#include <unistd.h>

#include <csignal>
#include <string>
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
    WriteAll(&os, fd, answer->text).IgnoreError();
    return static_cast<int>(answer->exit_code);
  }
  return static_cast<int>(RunParse(std::get<ParseCommand>(command), &os));
}
