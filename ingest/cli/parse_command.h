#pragma once

#include <string>
#include <vector>

#include "ingest/base/os.h"
#include "ingest/cli/command.h"
#include "ingest/cli/exit_code.h"
#include "parsers/event_maker.h"
#include "parsers/identity.h"

namespace sparktail {

// sparktail parse [FILE|-]...
struct ParseCommand {
  std::vector<std::string> files;  // "-" is standard input
  ParserOptions parser;
  std::string environment = "default";
  Identity identity;  // the application, as given on the command line
  bool stats = false;
};

Finish<ParseCommand> AddParse(CLI::App* app);

// Writes the events of all files, in their order, to standard output; messages go to standard
// error. A file that can't be read does not keep the others from being read.
ExitCode RunParse(const ParseCommand& command, Os* os);

}  // namespace sparktail
