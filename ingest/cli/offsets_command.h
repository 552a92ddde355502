#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ingest/base/os.h"
#include "ingest/cli/exit_code.h"
#include "ingest/pipeline/configuration.h"

namespace sparktail {

// sparktail offsets list|set|forget [-c FILE | --state-dir DIR] [STREAM [OFFSET|beginning] | --all]
struct OffsetsCommand {
  enum class Action { kList, kSet, kForget };
  Action action = Action::kList;
  std::string state_dir;  // absolute
  std::string instance;
  // Those of the configuration, if one was given.
  std::vector<SinkConfiguration> sinks;
  bool json = false;
  std::string sink;     // only of this one; empty: of all
  std::string stream;   // empty: all (--all), but not for kSet
  uint64_t offset = 0;  // of kSet; 0 is the beginning
};

// list works beside a running process, and says which file it read. set and forget refuse while one
// runs, naming it. Cursors of sinks that keep them themselves (sqlite, kafka) are read and changed
// where they keep them, if the configuration was given. kFailed if there is no such cursor, or one
// can't be moved there: then none is changed.
ExitCode RunOffsets(const OffsetsCommand& command, Os* os);

}  // namespace sparktail
