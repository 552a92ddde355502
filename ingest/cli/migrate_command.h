#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/os.h"
#include "ingest/cli/command.h"
#include "ingest/cli/exit_code.h"

namespace sparktail {

// sparktail migrate-config config.ini [--resource-manager URL]...
struct MigrateCommand {
  std::string file;
  std::vector<std::string>
      resource_managers;  // not in config.ini: spark-monitor has them in its code
};

Finish<MigrateCommand> AddMigrate(CLI::App* app);

// Prints the sparktail configuration that is equivalent to a spark-monitor with this config.ini.
// kFailed: the file can't be read.
ExitCode RunMigrate(const MigrateCommand& command, Os* os);

// Returns the configuration as YAML. kInvalidArgument: the line, the key, and what is wrong.
absl::StatusOr<std::string> MigrateConfig(std::string_view ini,
                                          const std::vector<std::string>& resource_managers);

}  // namespace sparktail
