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
  CommandOptions(CLI::App* app, const std::string& name, const std::string& sentence,
                 const std::string& examples);

  void AddFlag(const std::string& name, bool* value, const std::string& help);
  void AddText(const std::string& name, const std::string& type, std::string* value,
               const std::string& help);
  // Takes all words up to the next option, and may be repeated.
  void AddTexts(const std::string& name, const std::string& type, std::vector<std::string>* values,
                const std::string& help);
  // Takes one word each time.
  void AddRepeatable(const std::string& name, const std::string& type,
                     std::vector<std::string>* values, const std::string& help);
  // `take` returns what is wrong with a value; empty if it has been taken.
  void AddTaken(const std::string& name, const std::string& type, const std::string& help,
                const std::function<std::string(const std::string& value)>& take);
  // -c FILE
  void AddConfig(std::string* file);

  // The help lists the options that are added from now on under this title; empty: the usual one.
  void BeginGroup(const std::string& title) { group_ = title; }

 private:
  void Describe(CLI::Option* option, const std::string& type) const;

  CLI::App* command_;
  std::string group_;
};

}  // namespace sparktail
