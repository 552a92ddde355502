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

CommandOptions::CommandOptions(CLI::App* app, Text name, Text sentence, Text examples)
    : command_(app->add_subcommand(name, sentence)->footer(examples)) {}

void CommandOptions::AddFlag(Text name, bool* value, Text help) {
  command_->add_flag(name, *value, help);
}

void CommandOptions::AddText(Text name, Text type, std::string* value, Text help) {
  Describe(command_->add_option(name, *value, help)->capture_default_str(), type);
}

void CommandOptions::AddTaken(Text name, Text type, Text help, const Take& take) {
  const auto check = [name, take](Text value) {
    const std::string wrong = take(value);
    if (!wrong.empty()) throw CLI::ValidationError(name, wrong);
  };
  Describe(command_->add_option_function<std::string>(name, check, help), type);
}

void CommandOptions::AddTexts(Text name, Text type, std::vector<std::string>* values, Text help,
                              bool many) {
  Describe(command_->add_option(name, *values, help)->allow_extra_args(many), type);
}

void CommandOptions::AddConfig(std::string* file) {
  AddText("-c,--config", "FILE", file, "Configuration file (docs/configuration.md)");
}

void CommandOptions::Describe(CLI::Option* option, Text type) const {
  option->type_name(type);
  if (!group_.empty()) option->group(group_);
}

}  // namespace sparktail
