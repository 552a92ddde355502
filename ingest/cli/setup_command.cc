#include "ingest/cli/setup_command.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "ingest/base/check_report.h"
#include "ingest/cli/config_file.h"
#include "ingest/cli/error_log.h"

namespace sparktail {

Finish<SetupCommand> AddSetup(CLI::App* app) {
  const auto file = std::make_shared<std::string>();
  CommandOptions options(
      app, "setup",
      "Create what the sinks need: topics, index templates, dashboards; may be run again",
      "Example:\n  sparktail setup -c sparktail.yaml");
  options.AddConfig(file.get());
  return [file](const Surroundings& surroundings) -> AnswerOr<SetupCommand> {
    if (file->empty()) return WrongUsage("setup: the configuration is missing; give -c FILE");
    absl::StatusOr<Configuration> configuration = ReadConfigurationFile(*file, surroundings);
    if (!configuration.ok()) return WrongUsage(configuration.status().message());
    return SetupCommand{*std::move(configuration)};
  };
}

ExitCode RunSetup(const SetupCommand& command, Os* os) {
  CheckReport report;
  ErrorLog log(os);
  for (const SinkConfiguration& sink : command.configuration.sinks) {
    if (sink.kind->setup != nullptr) {
      sink.kind->setup(sink, {os, &log}, &report);
    } else {
      report.Ok("sink " + sink.name, "it needs nothing to be set up");
    }
  }
  const absl::Status written = WriteAll(os, STDOUT_FILENO, report.Text());
  const bool works = report.broken() == 0 && (written.ok() || absl::IsCancelled(written));
  return works ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace sparktail
