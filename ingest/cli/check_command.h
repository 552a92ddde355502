#pragma once

#include <string>

#include "ingest/base/os.h"
#include "ingest/cli/command.h"
#include "ingest/cli/exit_code.h"
#include "ingest/pipeline/configuration.h"

namespace sparktail {

// sparktail check -c FILE
struct CheckCommand {
  std::string file;  // as it was given
  Configuration configuration;
};

Finish<CheckCommand> AddCheck(CLI::App* app);

// Tries every source and sink of a configuration, and says on standard output what works and what
// does not, and why, and what to do. Changes nothing: a file that it makes in a directory, to see
// whether it can, is removed again. kFailed if something does not work.
ExitCode RunCheck(const CheckCommand& command, Os* os);

}  // namespace sparktail
