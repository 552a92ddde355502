#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "ingest/cli/config_tree.h"
#include "ingest/cli/surroundings.h"
#include "ingest/pipeline/configuration.h"

namespace sparktail {

// Reads a configuration strictly. docs/configuration.md says what one may hold; it is made of the
// tables of options that are read by here. The result is complete: defaults are filled in, names
// are given and unique, paths are absolute, ${…} is replaced.
//
// The error (kInvalidArgument) has a line for each thing that is wrong, in their order:
//   file:line: sinks[0].pth: unknown key; did you mean path?
// Bytes in it that come from the configuration are printable; it has at most 50 lines.
absl::StatusOr<Configuration> ReadConfiguration(std::string_view text, std::string_view file,
                                                const Surroundings& surroundings);

// Returns other errors if the file can't be read.
absl::StatusOr<Configuration> ReadConfigurationFile(const std::string& path,
                                                    const Surroundings& surroundings);

// The nodes of the tree name lines of `file`, or flags: then errors are `--flag: what is wrong`.
absl::StatusOr<Configuration> ReadConfigurationTree(const ConfigNode& root, std::string_view file,
                                                    const Surroundings& surroundings);

}  // namespace sparktail
