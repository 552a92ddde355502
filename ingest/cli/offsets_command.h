#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ingest/base/os.h"
#include "ingest/cli/command.h"
#include "ingest/cli/exit_code.h"
#include "ingest/cli/kinds.h"
#include "ingest/pipeline/configuration.h"

namespace sparktail {

// sparktail offsets list|set|forget [-c FILE | --state-dir DIR] [STREAM [OFFSET|beginning] | --all]
struct OffsetsCommand {
  enum class Action { kList, kSet, kForget };
  Action action = Action::kList;
  std::string state_dir;  // absolute
  std::string instance;
  // The sinks of the configuration, if one was given.
  std::vector<SinkConfiguration> sinks;
  std::vector<const SourceKind*> source_kinds =
      AllKinds().sources;  // that may have written positions
  bool json = false;
  std::string sink;     // only cursors of this sink; empty: of all sinks
  std::string stream;   // empty: all streams (--all); never empty for kSet
  uint64_t offset = 0;  // for kSet; 0 is the beginning
};

Finish<OffsetsCommand> AddOffsets(CLI::App* app);

// `list` works beside a running process and reports which store it read. `set` and `forget` change
// nothing while a process runs, and name it. If the configuration is given, cursors of sinks that
// keep them themselves (sqlite, kafka) are read and changed in those sinks' stores. kFailed: there
// is no such cursor, or one can't be moved there; then none is changed.
ExitCode RunOffsets(const OffsetsCommand& command, Os* os);

}  // namespace sparktail
