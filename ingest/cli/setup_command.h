#pragma once

#include "ingest/base/os.h"
#include "ingest/cli/command.h"
#include "ingest/cli/exit_code.h"
#include "ingest/pipeline/configuration.h"

namespace sparktail {

// sparktail setup -c FILE
struct SetupCommand {
  Configuration configuration;
};

Finish<SetupCommand> AddSetup(CLI::App* app);

// Makes what the sinks need and what is not there yet (topics of Kafka; template, policy, alias and
// dashboard of OpenSearch), and says on standard output what it found and what it made. What is
// there as it should be is left as it is, so it may be run again.
// kFailed if something can't be made, or used as it is.
ExitCode RunSetup(const SetupCommand& command, Os* os);

}  // namespace sparktail
