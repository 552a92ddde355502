#pragma once

#include <absl/strings/string_view.h>

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "ingest/cli/exit_code.h"
#include "ingest/cli/surroundings.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace sparktail {

// A text to print before the program exits: help, version, or an error.
struct Answer {
  std::string text;
  ExitCode exit_code = ExitCode::kOk;  // if not kOk, `text` is an error
};

// The answer to a wrong command line or configuration: `why`, each line a message of the program.
Answer WrongUsage(absl::string_view why);

template <typename C>
using AnswerOr = std::variant<Answer, C>;

// Each command declares its words and options with a function `Finish<C> Add…(CLI::App* app)`.
// After the command line is read, the result checks what was given and returns the command. It is
// called at most once.
template <typename C>
using Finish = std::function<AnswerOr<C>(const Surroundings& surroundings)>;

// Declares a command and its options. Values are set while the command line is read, and must live
// until then. A name without dashes is that of words without an option. `type` is what the help
// shows in place of a value.
class CommandOptions {
 public:
  using Text = const std::string&;
  // Returns what is wrong with a value; empty if it was taken.
  using Take = std::function<std::string(Text value)>;

  CommandOptions(CLI::App* app, Text name, Text sentence, Text examples);

  void AddFlag(Text name, bool* value, Text help);
  void AddText(Text name, Text type, std::string* value, Text help);
  void AddTaken(Text name, Text type, Text help, const Take& take);
  // May be repeated. `many`: takes all words up to the next option.
  void AddTexts(Text name, Text type, std::vector<std::string>* values, Text help,
                bool many = true);
  // -c FILE
  void AddConfig(std::string* file);

  // The help lists what is added from now on under this title; empty: the usual one.
  void BeginGroup(Text title) { group_ = title; }

 private:
  void Describe(CLI::Option* option, Text type) const;

  CLI::App* command_;
  std::string group_;
};

}  // namespace sparktail
