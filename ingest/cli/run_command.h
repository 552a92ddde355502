#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "ingest/base/os.h"
#include "ingest/cli/command.h"
#include "ingest/cli/exit_code.h"
#include "ingest/pipeline/configuration.h"
#include "ingest/pipeline/pipeline_status.h"
#include "sinks/measure.h"

namespace sparktail {

// sparktail run [-c FILE | flags]
struct RunCommand {
  Configuration configuration;
  UntilExit until_exit;
  bool recover = false;  // moves a damaged offsets.db aside
  bool stats = false;    // prints at the end, on standard error, what was read and delivered
  // Called when everything that was read is delivered, or a sink or source has failed. Gets the
  // final status and the exit code, and returns the exit code to use. May be empty.
  std::function<ExitCode(const PipelineStatus& status, ExitCode code)> conclude = {};
  std::vector<Measure> measures = {};  // of the sinks of all kinds, for /metrics
};

Finish<RunCommand> AddRun(CLI::App* app);

ExitCode RunRun(const RunCommand& command, std::string_view version, Os* os);

}  // namespace sparktail
