#include "ingest/cli/check_command.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "ingest/base/check_report.h"
#include "ingest/cli/check_state_directory.h"
#include "ingest/cli/config_file.h"
#include "ingest/cli/config_reference.h"
#include "ingest/cli/error_log.h"
#include "sinks/check_output_file.h"

namespace sparktail {
namespace {

constexpr char kExamples[] = R"(
Examples:
  sparktail check -c sparktail.yaml
  sparktail check --print-json-schema > sparktail.schema.json
)";

std::string Count(size_t number, const std::string& what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

bool IsFed(const SinkConfiguration& sink, const std::vector<SourceConfiguration>& sources) {
  return std::any_of(sources.begin(), sources.end(), [&](const SourceConfiguration& source) {
    return source.sinks.empty() ||
           std::find(source.sinks.begin(), source.sinks.end(), sink.name) != source.sinks.end();
  });
}

}  // namespace

Finish<CheckCommand> AddCheck(CLI::App* app) {
  struct Arguments {
    std::string file;
    bool reference = false;
    bool schema = false;
  };
  const auto given = std::make_shared<Arguments>();
  CommandOptions options(app, "check", "Read the configuration and try every source and sink",
                         kExamples);
  options.AddConfig(&given->file);
  options.AddFlag("--print-config-reference", &given->reference,
                  "Print the reference of all options (docs/configuration.md)");
  options.AddFlag("--print-json-schema", &given->schema,
                  "Print a JSON Schema for editors (docs/sparktail.schema.json)");
  return [given](const Surroundings& surroundings) -> AnswerOr<CheckCommand> {
    const int asked =
        (given->file.empty() ? 0 : 1) + (given->reference ? 1 : 0) + (given->schema ? 1 : 0);
    if (asked != 1) {
      return WrongUsage(
          "check: give one of -c FILE, --print-config-reference, --print-json-schema");
    }
    if (given->reference) return Answer{ConfigReference(surroundings.kinds)};
    if (given->schema) return Answer{ConfigJsonSchema(surroundings.kinds)};
    absl::StatusOr<Configuration> configuration = ReadConfigurationFile(given->file, surroundings);
    if (!configuration.ok()) return WrongUsage(configuration.status().message());
    return CheckCommand{given->file, *std::move(configuration)};
  };
}

ExitCode RunCheck(const CheckCommand& command, Os* os) {
  const Configuration& configuration = command.configuration;
  CheckReport report;
  ErrorLog log(os);
  const CheckParts parts{os, &log};
  report.Ok("configuration", command.file + ": " + Count(configuration.sources.size(), "source") +
                                 ", " + Count(configuration.sinks.size(), "sink"));
  CheckStateDirectory(configuration.state_dir, os, &report);
  if (!configuration.log.path.empty()) {
    CheckOutputFile("log", configuration.log.path, os, &report);
  }
  for (const SourceConfiguration& source : configuration.sources) {
    if (source.kind->check != nullptr) source.kind->check(source, parts, &report);
  }
  for (const SinkConfiguration& sink : configuration.sinks) {
    if (sink.kind->check != nullptr) sink.kind->check(sink, parts, &report);
    if (!IsFed(sink, configuration.sources)) {
      report.Doubt("sink " + sink.name, "no source delivers to it: name it in their `sinks`");
    }
  }
  const absl::Status written = WriteAll(os, STDOUT_FILENO, report.Text());
  const bool works = report.broken() == 0 && (written.ok() || absl::IsCancelled(written));
  return works ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace sparktail
