#pragma once

#include <map>
#include <string>
#include <vector>

#include "ingest/cli/config_tree.h"

namespace sparktail {

// A flag of `run` that sets an option of the configuration.
struct RunFlag {
  std::string flag;
  std::string type_name;  // shown in the help
  std::string section;    // empty: the top level; "log", "sources" or "sinks"
  std::string kind;       // of the source or sink
  std::string key;        // the option's name
  bool repeatable = false;
  std::string help = {};  // the option's sentence and default
};
std::vector<RunFlag> RunFlags();

// Returns the configuration that the flags describe: one source of kind file, and the sinks, or
// standard output if there is none. `given`: the values of each flag on the command line.
ConfigNode TreeOfFlags(const std::map<std::string, std::vector<std::string>>& given);

}  // namespace sparktail
