#include "ingest/cli/help_files.h"

#include <absl/strings/str_replace.h>

#include <CLI/CLI.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace sparktail {
namespace {

// CLI11 hides what belongs to no group.
std::vector<const CLI::App*> CommandsOf(const CLI::App& app) {
  std::vector<const CLI::App*> commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) commands.push_back(command);
  }
  return commands;
}

std::vector<const CLI::Option*> OptionsOf(const CLI::App& app) {
  std::vector<const CLI::Option*> options;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional() && !option->get_group().empty()) options.push_back(option);
  }
  return options;
}

std::vector<std::string> NamesOf(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

bool HasValue(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

std::string ValueOf(const CLI::Option& option) {
  if (!HasValue(option)) return "";
  const std::string type = option.get_type_name();
  return type.empty() ? "VALUE" : type;
}

// ---- man page

// A line of text. troff takes one that begins with a dot or a quote for a request.
std::string Roff(absl::string_view text) {
  const std::string escaped = absl::StrReplaceAll(text, {{"\\", "\\e"}, {"-", "\\-"}});
  const bool is_request = escaped.starts_with('.') || escaped.starts_with('\'');
  return (is_request ? "\\&" : "") + escaped;
}

void AddRoffOptions(const CLI::App& app, std::string* page) {
  for (const CLI::Option* option : OptionsOf(app)) {
    std::string names;
    for (const std::string& name : NamesOf(*option)) {
      names += (names.empty() ? "\\fB" : ", \\fB") + Roff(name) + "\\fR";
    }
    const std::string value = ValueOf(*option);
    if (!value.empty()) names += " \\fI" + Roff(value) + "\\fR";
    *page += ".TP\n" + names + "\n" + Roff(option->get_description()) + "\n";
  }
}

// Text whose lines stay as they are.
void AddRoffText(const std::string& text, std::string* page) {
  if (text.empty()) return;
  *page += ".PP\n.nf\n";
  std::istringstream lines(text.substr(text.find_first_not_of('\n')));
  for (std::string line; std::getline(lines, line);) *page += Roff(line) + "\n";
  *page += ".fi\n";
}

void AddRoffCommand(const CLI::App& command, std::string* page) {
  std::string words;
  std::string descriptions;
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    const std::string name = Roff(option->get_name(true));
    words += " [" + name + "]...";
    descriptions += ".TP\n\\fI" + name + "\\fR\n" + Roff(option->get_description()) + "\n";
  }
  *page += ".SS sparktail " + Roff(command.get_name()) + " [OPTION]..." + words + "\n" +
           Roff(command.get_description()) + ".\n" + descriptions;
  AddRoffOptions(command, page);
  AddRoffText(command.get_footer(), page);
}

// ---- shells

// A word in single quotes.
std::string Quoted(absl::string_view text) {
  return "'" + absl::StrReplaceAll(text, {{"'", "'\\''"}}) + "'";
}

std::string BashWords(const CLI::App& app) {
  std::string words;
  for (const CLI::Option* option : OptionsOf(app)) {
    for (const std::string& name : NamesOf(*option)) words += (words.empty() ? "" : " ") + name;
  }
  return words;
}

// An argument of _arguments. Any option may be given again: the program says which may not.
std::string ZshSpecification(const CLI::Option& option, const std::string& name) {
  std::string text =
      "*" + name + "[" +
      absl::StrReplaceAll(option.get_description(),
                          {{"\\", "\\\\"}, {"[", "\\["}, {"]", "\\]"}, {":", "\\:"}}) +
      "]";
  const std::string value = ValueOf(option);
  if (!value.empty()) text += ":" + absl::StrReplaceAll(value, {{":", "\\:"}}) + ":_files";
  return text;
}

void AddZshArguments(const CLI::App& app, std::string* script) {
  *script += "      _arguments";
  for (const CLI::Option* option : OptionsOf(app)) {
    for (const std::string& name : NamesOf(*option)) {
      *script += " \\\n        " + Quoted(ZshSpecification(*option, name));
    }
  }
  *script += " \\\n        '*:file:_files'\n";
}

}  // namespace

std::string ManPage(const CLI::App& app, std::string_view version) {
  std::string page = ".TH SPARKTAIL 1 \"\" \"sparktail ";
  page += version;
  page += R"(" "User Commands"
.SH NAME
sparktail \- events of Apache Spark driver logs
.SH SYNOPSIS
\fBsparktail\fR \fICOMMAND\fR [\fIOPTION\fR]...
.SH DESCRIPTION
)";
  page += Roff(app.get_description()) + "\n.SH OPTIONS\n";
  AddRoffOptions(app, &page);
  page += ".SH COMMANDS\n";
  for (const CLI::App* command : CommandsOf(app)) AddRoffCommand(*command, &page);
  page += R"(.SH EXIT STATUS
.TP
0
All is well. run was stopped by a signal, and the cursors cover the rest.
.TP
1
The command failed, or something is not delivered.
.TP
2
The command line or the configuration is wrong.
.TP
3
The command finished, but something is in the dead letters.
.TP
130
A second SIGINT ended the command.
)";
  return page;
}

std::string BashCompletions(const CLI::App& app) {
  std::string first = BashWords(app);
  std::string cases;
  for (const CLI::App* command : CommandsOf(app)) {
    first += " " + command->get_name();
    cases += "    " + command->get_name() + ") words=" + Quoted(BashWords(*command)) + " ;;\n";
  }
  return R"(# Completions of sparktail for bash. File names come from -o default.
_sparktail() {
  local word=${COMP_WORDS[COMP_CWORD]} words=
  COMPREPLY=()
  case ${COMP_WORDS[1]} in
)" + cases +
         R"(  esac
  if [[ $COMP_CWORD -eq 1 ]]; then
    words=)" +
         Quoted(first) + R"(
  elif [[ $word != -* ]]; then
    return
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _sparktail sparktail
)";
}

std::string ZshCompletions(const CLI::App& app) {
  std::string commands;
  std::string cases;
  for (const CLI::App* command : CommandsOf(app)) {
    const std::string help = absl::StrReplaceAll(command->get_description(), {{":", "\\:"}});
    commands += "    " + Quoted(command->get_name() + ":" + help) + "\n";
    cases += "    " + command->get_name() + ")\n";
    AddZshArguments(*command, &cases);
    cases += "      ;;\n";
  }
  cases += "    *)\n";
  AddZshArguments(app, &cases);
  return R"(#compdef sparktail
# Completions of sparktail for zsh.
_sparktail() {
  local -a commands=(
)" + commands +
         R"(  )
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe command commands
    return
  fi
  case $words[2] in
)" + cases +
         R"(      ;;
  esac
}
_sparktail "$@"
)";
}

}  // namespace sparktail
