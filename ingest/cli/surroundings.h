#pragma once

#include <functional>
#include <optional>
#include <string>

#include "ingest/base/os.h"
#include "ingest/cli/kinds.h"

namespace sparktail {

// Everything but text that the command line and a configuration depend on. Tests create their own.
struct Surroundings {
  Os* os = nullptr;
  // Returns a variable of the environment, if it is set.
  std::function<std::optional<std::string>(const std::string& name)> variable;
  std::string directory;  // the working directory; absolute, or empty if it was deleted
  bool is_root = false;
  Kinds kinds = AllKinds();  // that the program has

  static Surroundings OfProcess(Os* os);
};

// Makes `path` absolute: a relative one is taken to be in `directory`. Removes "." parts and
// doubled slashes.
std::string AbsolutePath(const std::string& path, const std::string& directory);

// Returns $XDG_STATE_HOME/sparktail, else /var/lib/sparktail for root and
// $HOME/.local/state/sparktail for others; nothing if there is no home.
std::optional<std::string> DefaultStateDirectory(const Surroundings& surroundings);

}  // namespace sparktail
