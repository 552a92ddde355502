#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/os.h"
#include "ingest/cli/exit_code.h"

namespace sparktail {

// sparktail migrate-config config.ini [--resource-manager URL]...
struct MigrateCommand {
  std::string file;
  std::vector<std::string> resource_managers;  // spark-monitor had them in its code
};

// Prints the configuration of sparktail that does what a spark-monitor does with this config.ini.
// kFailed if it can't be read.
ExitCode RunMigrate(const MigrateCommand& command, Os* os);

// kInvalidArgument: line and key, and what is wrong.
absl::StatusOr<std::string> MigrateConfig(std::string_view ini,
                                          const std::vector<std::string>& resource_managers);

}  // namespace sparktail
