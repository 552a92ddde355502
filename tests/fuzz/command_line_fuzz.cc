// The command line: any words give a command, or a printable message.

#include <string>
#include <variant>
#include <vector>

#include "ingest/base/nearest.h"
#include "ingest/cli/command_line.h"
#include "parsers/json_text.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/no_files.h"

namespace sparktail::fuzz {
namespace {

// Reading a zone reads a file that stays in memory, so only a few names are allowed.
std::string KnownZone(std::string_view zone) {
  static constexpr const char* kZones[] = {"UTC", "Europe/Madrid", "Nowhere/Land", "", "utc"};
  size_t sum = 0;
  for (const char c : zone) sum += static_cast<unsigned char>(c);
  return kZones[sum % std::size(kZones)];
}

// One word a line.
std::vector<std::string> Words(std::string_view text) {
  static constexpr std::string_view kZone = "--timezone";
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    std::string word(line);
    if (word.starts_with("--timezone=")) word = "--timezone=" + KnownZone(word);
    if (!words.empty() && words.back() == kZone) word = KnownZone(word);
    words.push_back(word);
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return words;
}

bool IsPrintable(std::string_view text) {
  ByteBuffer valid;
  if (AppendValidUtf8(text, &valid) > 0) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  });
}

void Check(const Answer& answer) {
  Require(answer.exit_code == ExitCode::kOk || answer.exit_code == ExitCode::kWrongUsage,
          "exit code");
  Require(!answer.text.empty() && answer.text.back() == '\n', "a message is lines");
  Require(IsPrintable(answer.text), "a message is printable");
  if (answer.exit_code == ExitCode::kOk) return;
  Require(answer.text.starts_with("sparktail: "), "an error names the program");
}

void Check(const ParseCommand& command) {
  Require(!command.files.empty(), "there is something to read");
  Require(command.parser.max_event_bytes >= 1024, "least event size");
  Require(command.parser.max_event_bytes <= size_t{1} << 30, "most event size");
  Require(command.parser.count_records == command.stats, "records are counted for --stats");
}

void Check(const RunCommand& command) {
  Require(command.configuration.sources.size() == 1, "flags make one source");
  Require(!command.configuration.sinks.empty(), "there is a sink");
  Require(command.configuration.state_dir.starts_with('/'), "there is a state directory");
}

void Check(const ReplayCommand&) { Require(false, "there are no files"); }

void Check(const OffsetsCommand& command) {
  Require(command.state_dir.starts_with('/'), "there is a state directory");
  const bool is_set = command.action == OffsetsCommand::Action::kSet;
  Require(!command.stream.empty() || !is_set, "the cursor to move is known");
}

void Check(const CheckCommand&) { Require(false, "there are no files"); }

void Check(const SetupCommand&) { Require(false, "there are no files"); }

void Check(const BatchesCommand& command) {
  Require(!command.masters.empty(), "there is a ResourceManager");
  Require(command.application.starts_with("application_"), "the application is known");
}

void Check(const MigrateCommand& command) {
  Require(!command.file.empty(), "there is something to read");
}

void Run(std::string_view text) {
  const std::vector<std::string> words = Words(text);
  NoFiles os;
  std::visit([](const auto& command) { Check(command); },
             ReadCommandLine(words, "1.2.3", SurroundingsWithoutFiles(&os)));
  for (const std::string& word : words) {
    const std::vector<std::string> candidates = {"--only", "parse", word};
    Require(Nearest(word, candidates) == word, "nothing is nearer to a word than itself");
  }
}

}  // namespace
}  // namespace sparktail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sparktail::fuzz::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
