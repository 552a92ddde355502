#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}  // namespace CLI

namespace sparktail {

// All of the help in forms that other programs read. They are made from the command line's own
// tables, so that they name every command and option that there is.

// A man page, section 1.
std::string ManPage(const CLI::App& app, std::string_view version);

// Completions of commands and options; where neither is meant, of file names.
std::string BashCompletions(const CLI::App& app);
std::string ZshCompletions(const CLI::App& app);

}  // namespace sparktail
