#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ingest/cli/batches_command.h"
#include "ingest/cli/check_command.h"
#include "ingest/cli/command.h"
#include "ingest/cli/migrate_command.h"
#include "ingest/cli/offsets_command.h"
#include "ingest/cli/parse_command.h"
#include "ingest/cli/replay_command.h"
#include "ingest/cli/run_command.h"
#include "ingest/cli/setup_command.h"

namespace sparktail {

using Command = std::variant<Answer, ParseCommand, RunCommand, ReplayCommand, OffsetsCommand,
                             CheckCommand, SetupCommand, BatchesCommand, MigrateCommand>;

// Reads the command line, and the configuration if it names one. `arguments` excludes the program's
// name.
Command ReadCommandLine(const std::vector<std::string>& arguments, std::string_view version,
                        const Surroundings& surroundings);

}  // namespace sparktail
