#include "ingest/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <utility>

#include "ingest/base/nearest.h"
#include "ingest/base/printable.h"
#include "ingest/cli/help_files.h"

namespace sparktail {
namespace {

constexpr char kExamples[] =
    "\nExamples:\n  sparktail parse driver.log\n  sparktail run --file '/logs/*/stderr' --output "
    "events.ndjson\n\nHelp for a command: sparktail parse --help";

using FinishAny = std::function<Command(const Surroundings&)>;

template <auto Add>
FinishAny Added(CLI::App* app) {
  return [finish = Add(app)](const Surroundings& surroundings) {
    return std::visit([](auto one) -> Command { return one; }, finish(surroundings));
  };
}

// In the order of the help.
constexpr FinishAny (*kCommands[])(CLI::App*) = {
    Added<AddParse>, Added<AddRun>,   Added<AddReplay>,  Added<AddOffsets>,
    Added<AddCheck>, Added<AddSetup>, Added<AddBatches>, Added<AddMigrate>,
};

// Not in the help: the build makes the man page and the completions with it.
void AddPrintHelp(CLI::App* app, std::string* form) {
  app->add_subcommand("print-help", "Print the man page, or completions for a shell")
      ->group("")
      ->add_option("FORM", *form, "man, bash or zsh");
}

Answer FinishPrintHelp(const CLI::App& app, const std::string& form, std::string_view version) {
  if (form == "man") return {ManPage(app, version), ExitCode::kOk};
  if (form == "bash") return {BashCompletions(app), ExitCode::kOk};
  if (form == "zsh") return {ZshCompletions(app), ExitCode::kOk};
  return WrongUsage("print-help: give man, bash or zsh");
}

// Returns the error for an unknown word on the command line.
Answer UnknownWord(const CLI::App& app, const std::vector<std::string>& words) {
  static const std::map<std::string, std::string> kRemedies = {
      {"check", "; give the configuration with -c"},
      {"setup", "; give the configuration with -c"},
      {"run", "; give a glob with --file, in quotes, so that the shell does not expand it"}};
  const std::vector<CLI::App*> subcommands = app.get_subcommands();
  const CLI::App* where = subcommands.empty() ? &app : subcommands[0];
  const std::string command = subcommands.empty() ? "" : where->get_name();
  const std::string word = words.empty() ? std::string() : words[0].substr(0, words[0].find('='));
  const bool is_option = word.starts_with('-');
  std::vector<std::string> known;
  for (const CLI::Option* option : where->get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  if (command.empty()) {
    for (const CLI::App* one : app.get_subcommands({})) known.push_back(one->get_name());
  }
  std::string text = is_option         ? "unknown option "
                     : command.empty() ? "unknown command "
                                       : "unexpected word ";
  text += Printable(word, 64);
  const std::string nearest = Nearest(word, known);
  const auto remedy = kRemedies.find(command);
  if (!nearest.empty()) {
    text += "; did you mean " + nearest + "?";
  } else if (remedy != kRemedies.end() && !is_option) {
    text += remedy->second;
  }
  return WrongUsage(text + " (see sparktail " + command + (command.empty() ? "" : " ") + "--help)");
}

}  // namespace

Command ReadCommandLine(const std::vector<std::string>& arguments, std::string_view version,
                        const Surroundings& surroundings) {
  // Where a script's variable is empty, CLI11 would take the next word as the value.
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    if (argument.starts_with("--") && argument.ends_with('=')) {
      return WrongUsage(Printable(argument.substr(0, argument.size() - 1), 64) +
                        ": the value after = is missing");
    }
  }
  CLI::App app("Reads Apache Spark driver logs and turns their lines into events.", "sparktail");
  app.set_version_flag("--version", "sparktail " + std::string(version));
  app.footer(kExamples);
  app.require_subcommand(1);
  std::map<std::string, FinishAny> commands;
  for (const auto add : kCommands) {
    FinishAny finish = add(&app);
    commands.emplace(app.get_subcommands({}).back()->get_name(), std::move(finish));
  }
  std::string help_form;
  AddPrintHelp(&app, &help_form);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    const std::vector<CLI::App*> subcommands = app.get_subcommands();
    return Answer{subcommands.empty() ? app.help() : subcommands[0]->help("sparktail"),
                  ExitCode::kOk};
  } catch (const CLI::CallForVersion& version_text) {
    return Answer{std::string(version_text.what()) + "\n", ExitCode::kOk};
  } catch (const CLI::ExtrasError&) {
    return UnknownWord(app, app.remaining(/*recurse=*/true));
  } catch (const CLI::RequiredError&) {
    return arguments.empty()
               ? WrongUsage(
                     "a command is missing: try `sparktail parse FILE` or `sparktail --help`")
               : UnknownWord(app, app.remaining(/*recurse=*/true).empty()
                                      ? arguments
                                      : app.remaining(/*recurse=*/true));
  } catch (const CLI::ParseError& error) {
    return WrongUsage(Printable(error.what(), 1024));
  }
  const std::string command = app.get_subcommands()[0]->get_name();
  if (command == "print-help") return FinishPrintHelp(app, help_form, version);
  return commands.at(command)(surroundings);
}

}  // namespace sparktail
