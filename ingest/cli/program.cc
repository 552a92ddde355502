#include "ingest/cli/program.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <variant>
#include <vector>

#include "ingest/base/os.h"
#include "ingest/cli/command_line.h"
#include "sinks/sink_kind.h"

namespace sparktail {
namespace {

ExitCode Tell(const Answer& answer, Os* os) {
  const int fd = answer.exit_code == ExitCode::kOk ? STDOUT_FILENO : STDERR_FILENO;
  const absl::Status written = WriteAll(os, fd, answer.text);
  const bool failed = !written.ok() && answer.exit_code == ExitCode::kOk;
  return failed ? ExitCode::kFailed : answer.exit_code;
}

// A standard descriptor that is closed would be given to the next file that is opened, and what is
// meant for the one would go to the other. False if standard output was closed: what is written to
// it fails.
bool KeepStandardDescriptors() {
  bool has_stdout = true;
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    if (fd == STDOUT_FILENO) has_stdout = false;
    // It gets the lowest number that is free, and that is this one.
    ::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
  return has_stdout;
}

// One of the sinks, or the one of that name, is standard output.
bool NeedsStdout(const Configuration& configuration, const std::string& name = "") {
  return std::any_of(configuration.sinks.begin(), configuration.sinks.end(),
                     [&](const SinkConfiguration& sink) {
                       return (name.empty() || sink.name == name) && WrittenPath(sink) == "-";
                     });
}

// A sink that writes to it would try for ever.
ExitCode TellThatStdoutIsClosed(Os* os) {
  return Tell(
      {"sparktail: standard output is closed; open it, or name another sink\n", ExitCode::kFailed},
      os);
}

ExitCode Execute(const Command& command, bool has_stdout, Os* os) {
  if (const auto* answer = std::get_if<Answer>(&command)) return Tell(*answer, os);
  if (const auto* parse = std::get_if<ParseCommand>(&command)) return RunParse(*parse, os);
  if (const auto* offsets = std::get_if<OffsetsCommand>(&command)) return RunOffsets(*offsets, os);
  if (const auto* check = std::get_if<CheckCommand>(&command)) return RunCheck(*check, os);
  if (const auto* setup = std::get_if<SetupCommand>(&command)) return RunSetup(*setup, os);
  if (const auto* batches = std::get_if<BatchesCommand>(&command)) return RunBatches(*batches, os);
  if (const auto* migrate = std::get_if<MigrateCommand>(&command)) return RunMigrate(*migrate, os);
  if (const auto* replay = std::get_if<ReplayCommand>(&command)) {
    const bool needs_stdout =
        !replay->sink.empty() && NeedsStdout(replay->configuration, replay->sink);
    if (!has_stdout && needs_stdout) return TellThatStdoutIsClosed(os);
    return RunReplay(*replay, SPARKTAIL_VERSION, os);
  }
  const auto& run = *std::get_if<RunCommand>(&command);
  if (!has_stdout && NeedsStdout(run.configuration)) return TellThatStdoutIsClosed(os);
  return RunRun(run, SPARKTAIL_VERSION, os);
}

}  // namespace

int RunSparktail(int argc, char** argv, const Kinds& kinds) {
  // A reader that has gone is an error of write(), and so is a file that may not grow.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  const bool has_stdout = KeepStandardDescriptors();
  PosixOs os;
  Surroundings surroundings = Surroundings::OfProcess(&os);
  surroundings.kinds = kinds;
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  const Command command = ReadCommandLine(arguments, SPARKTAIL_VERSION, surroundings);
  return static_cast<int>(Execute(command, has_stdout, &os));
}

}  // namespace sparktail
