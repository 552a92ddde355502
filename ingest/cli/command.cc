#include "ingest/cli/command.h"

#include <CLI/CLI.hpp>
#include <sstream>

namespace sparktail {

Answer WrongUsage(absl::string_view why) {
  Answer answer{"", ExitCode::kWrongUsage};
  std::istringstream lines{std::string(why)};
  for (std::string line; std::getline(lines, line);) answer.text += "sparktail: " + line + "\n";
  return answer;
}

CommandOptions::CommandOptions(CLI::App* app, const std::string& name, const std::string& sentence,
                               const std::string& examples)
    : command_(app->add_subcommand(name, sentence)->footer(examples)) {}

void CommandOptions::AddFlag(const std::string& name, bool* value, const std::string& help) {
  command_->add_flag(name, *value, help);
}

void CommandOptions::AddText(const std::string& name, const std::string& type, std::string* value,
                             const std::string& help) {
  Describe(command_->add_option(name, *value, help)->capture_default_str(), type);
}

void CommandOptions::AddTexts(const std::string& name, const std::string& type,
                              std::vector<std::string>* values, const std::string& help) {
  Describe(command_->add_option(name, *values, help), type);
}

void CommandOptions::AddRepeatable(const std::string& name, const std::string& type,
                                   std::vector<std::string>* values, const std::string& help) {
  Describe(command_->add_option(name, *values, help)->allow_extra_args(false), type);
}

void CommandOptions::AddTaken(const std::string& name, const std::string& type,
                              const std::string& help,
                              const std::function<std::string(const std::string&)>& take) {
  const auto check = [name, take](const std::string& value) {
    const std::string wrong = take(value);
    if (!wrong.empty()) throw CLI::ValidationError(name, wrong);
  };
  Describe(command_->add_option_function<std::string>(name, check, help), type);
}

void CommandOptions::AddConfig(std::string* file) {
  AddText("-c,--config", "FILE", file, "Configuration file (docs/configuration.md)");
}

void CommandOptions::Describe(CLI::Option* option, const std::string& type) const {
  option->type_name(type);
  if (!group_.empty()) option->group(group_);
}

}  // namespace sparktail
