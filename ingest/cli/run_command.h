#pragma once

#include <string_view>

#include "ingest/base/os.h"
#include "ingest/cli/exit_code.h"
#include "ingest/pipeline/configuration.h"

namespace sparktail {

// sparktail run [-c FILE | flags]
struct RunCommand {
  Configuration configuration;
  UntilExit until_exit;
  bool recover = false;  // a damaged offsets.db is put aside
  bool stats = false;    // say at the end, on standard error, what was read and delivered
};

ExitCode RunRun(const RunCommand& command, std::string_view version, Os* os);

}  // namespace sparktail
