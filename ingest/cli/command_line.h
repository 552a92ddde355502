#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ingest/cli/exit_code.h"
#include "ingest/cli/parse_command.h"

namespace sparktail {

// What the command line asks for: a command, or a text and then the end.
struct Answer {
  std::string text;
  ExitCode exit_code = ExitCode::kOk;  // if not kOk, the text is an error
};
using Command = std::variant<Answer, ParseCommand>;

// `arguments` without the program's name.
Command ReadCommandLine(const std::vector<std::string>& arguments, std::string_view version);

// The candidate that is nearest to a mistyped word; empty if none is near.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace sparktail
