#pragma once

#include <map>
#include <string>
#include <vector>

#include "ingest/cli/config_tree.h"

namespace sparktail {

// The flags of `run` that stand for options of a configuration.
struct RunFlag {
  enum class Place { kTop, kLog, kSource, kOutput, kSqlite, kKafka };
  std::string flag;
  std::string type_name;  // in the help
  Place place;
  std::string key;  // of the option
  bool repeatable = false;
  std::string help;  // the option's sentence and default
};
std::vector<RunFlag> RunFlags();

// The configuration that they stand for: one source that is a file, and the sinks, or standard
// output if there is none. `given`: the values of each flag that was given.
ConfigNode TreeOfFlags(const std::map<std::string, std::vector<std::string>>& given);

}  // namespace sparktail
