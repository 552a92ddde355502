#pragma once

#include <functional>
#include <string_view>

#include "ingest/base/os.h"
#include "ingest/cli/exit_code.h"
#include "ingest/pipeline/configuration.h"
#include "ingest/pipeline/pipeline_status.h"

namespace sparktail {

// sparktail run [-c FILE | flags]
struct RunCommand {
  Configuration configuration;
  UntilExit until_exit;
  bool recover = false;  // a damaged offsets.db is put aside
  bool stats = false;    // say at the end, on standard error, what was read and delivered
  // If all that was read is delivered, or a sink or source failed: told of what became of it, and
  // of the exit code; returns the one that it is to be. May be empty.
  std::function<ExitCode(const PipelineStatus& status, ExitCode code)> conclude = {};
};

ExitCode RunRun(const RunCommand& command, std::string_view version, Os* os);

}  // namespace sparktail
