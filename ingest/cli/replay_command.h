#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/os.h"
#include "ingest/cli/exit_code.h"
#include "ingest/pipeline/configuration.h"

namespace sparktail {

// sparktail replay -c FILE [--sink NAME] DEAD_LETTER_FILE...
struct ReplayCommand {
  Configuration configuration;
  std::vector<std::string> files;
  std::string sink;      // to which all is sent; empty: each to the one that had refused it
  bool recover = false;  // a damaged offsets.db of the replay is put aside
};

// Sends what files of dead letters hold to the sinks, as `run` does, and ends. Its state (cursors,
// its own dead letters) is in state_dir/replay/<hash of what the files hold>, and bears that in its
// name among instances: so it can run beside `run`, and the same files given again go on where it
// ended. The log goes to standard error, and so does a line that says what was sent.
//
// Nothing is sent if a file holds what is no dead letter, or names a sink that can't be sent to
// (kWrongUsage), or can't be read (kFailed). kDeadLetters: all is done, but something was refused
// again, or could not be sent as it was.
ExitCode RunReplay(const ReplayCommand& command, std::string_view version, Os* os);

}  // namespace sparktail
