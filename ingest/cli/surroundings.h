#pragma once

#include <functional>
#include <optional>
#include <string>

#include "ingest/base/os.h"

namespace sparktail {

// What of the process the command line and a configuration depend on. Tests make their own.
struct Surroundings {
  Os* os = nullptr;
  // A variable of the environment, if it is set.
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::string directory;  // in which relative paths are; absolute, or empty if it is gone
  bool is_root = false;

  static Surroundings OfProcess(Os* os);
};

// `path`, if relative, as one in `directory`; without "." parts and doubled slashes.
std::string AbsolutePath(const std::string& path, const std::string& directory);

// $XDG_STATE_HOME/sparktail, else /var/lib/sparktail of root and $HOME/.local/state/sparktail of
// others; nothing if there is no home.
std::optional<std::string> DefaultStateDirectory(const Surroundings& surroundings);

}  // namespace sparktail
