#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "ingest/cli/config_tree.h"
#include "ingest/cli/surroundings.h"
#include "ingest/pipeline/configuration.h"

namespace sparktail {

// The strict reader of configurations. docs/configuration.md says what one may hold; it is made
// of the same tables of options that are read by here.
//
// What comes back is complete: defaults are filled in, names are given and unique, paths are
// absolute, ${…} is replaced.
//
// The error (kInvalidArgument) has a line for each thing that is wrong, in their order:
//   file:line: sinks[0].pth: unknown key; did you mean path?
// Bytes in it that come from the configuration are printable; at most 50 lines are said.
absl::StatusOr<Configuration> ReadConfiguration(std::string_view text, std::string_view file,
                                                const Surroundings& surroundings);

// Of a file: other errors if it can't be read.
absl::StatusOr<Configuration> ReadConfigurationFile(const std::string& path,
                                                    const Surroundings& surroundings);

// Of a tree. Its nodes name lines of `file`, or flags: then errors are `--flag: what is wrong`.
absl::StatusOr<Configuration> ReadConfigurationTree(const ConfigNode& root, std::string_view file,
                                                    const Surroundings& surroundings);

}  // namespace sparktail
