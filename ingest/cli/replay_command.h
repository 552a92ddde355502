#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/os.h"
#include "ingest/cli/command.h"
#include "ingest/cli/exit_code.h"
#include "ingest/pipeline/configuration.h"

namespace sparktail {

// sparktail replay -c FILE [--sink NAME] DEAD_LETTER_FILE...
struct ReplayCommand {
  Configuration configuration;
  std::vector<std::string> files;
  std::string sink;      // gets all events; empty: each event goes to the sink that rejected it
  bool recover = false;  // moves a damaged offsets.db of the replay aside
};

Finish<ReplayCommand> AddReplay(CLI::App* app);

// Sends the events in files of dead letters to the sinks, as `run` does, and returns. Its state
// (cursors, its own dead letters) is in state_dir/replay/<hash of the files' content>, and the hash
// is part of its instance name. So it can run beside `run`, and the same files given again resume
// where it stopped. The log and a line with the number of events sent go to standard error.
//
// Nothing is sent if a file contains anything but dead letters or names a sink that can't be sent
// to (kWrongUsage), or can't be read (kFailed). kDeadLetters: all is done, but events were rejected
// again or could not be sent.
ExitCode RunReplay(const ReplayCommand& command, std::string_view version, Os* os);

}  // namespace sparktail
