#include "ingest/cli/migrate_command.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <simdjson.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "ingest/base/options.h"
#include "ingest/base/printable.h"
#include "ingest/sources/yarn/yarn_names.h"
#include "ingest/streams/file_reader.h"
#include "parsers/byte_buffer.h"
#include "parsers/json_text.h"

namespace sparktail {
namespace {

constexpr size_t kLargestFile = size_t{1} << 20;

struct Value {
  std::string text;
  size_t line = 0;
};
using Ini = std::map<std::string, Value>;  // by "SECTION.key", the key in lower case

absl::Status Wrong(size_t line, const std::string& what) {
  return absl::InvalidArgumentError("line " + std::to_string(line) + ": " + what);
}

// Reads it like Python's configparser: an indented line continues the value before it.
absl::StatusOr<Ini> ReadIni(const std::string& text) {
  Ini ini;
  std::string section;
  Value* last = nullptr;
  size_t number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const absl::string_view content = absl::StripAsciiWhitespace(line);
    if (content.empty() || content[0] == '#' || content[0] == ';') continue;
    const bool is_indented = line[0] == ' ' || line[0] == '\t';
    if (is_indented && last != nullptr) {
      absl::StrAppend(&last->text, "\n", content);
      continue;
    }
    if (content[0] == '[') {
      if (content.back() != ']') return Wrong(number, "a section must be [NAME]");
      section = std::string(content.substr(1, content.size() - 2));
      last = nullptr;
      continue;
    }
    const size_t sign = content.find_first_of("=:");
    if (sign == absl::string_view::npos || section.empty()) {
      return Wrong(number, "this is neither a section nor key = value");
    }
    const absl::string_view key = absl::StripAsciiWhitespace(content.substr(0, sign));
    last = &ini[absl::StrCat(section, ".", absl::AsciiStrToLower(key))];
    *last = {std::string(absl::StripAsciiWhitespace(content.substr(sign + 1))), number};
  }
  return ini;
}

// JSON is YAML.
std::string Quoted(std::string_view text) {
  ByteBuffer quoted;
  AppendJsonString(text, &quoted);
  return std::string(quoted.view());
}

std::string List(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + Quoted(text);
  return "[" + list + "]";
}

class Migration {
 public:
  explicit Migration(Ini ini) : ini_(std::move(ini)) {}

  absl::StatusOr<std::string> Run(const std::vector<std::string>& resource_managers) {
    const std::string environment = Take("ENVS.yarn").value_or(Value{"default"}).text;
    const std::optional<Value> search = Take("ENVS.elastic");
    const absl::StatusOr<std::vector<std::string>> names = Names();
    if (!names.ok()) return names.status();
    std::string yaml =
        "# Created from a config.ini of spark-monitor by sparktail migrate-config.\n";
    yaml += "environment: " + Quoted(absl::AsciiStrToLower(environment)) + "\n";
    if (const auto level = Take("LOGGING.level"))
      yaml += "log:\n  level: " + LevelOf(level->text) + "\n";
    yaml +=
        "sources:\n  - kind: yarn\n    name: " + Quoted(absl::AsciiStrToLower(environment)) + "\n";
    yaml += resource_managers.empty()
                ? "    # spark-monitor has them in its settings.py: put them here.\n"
                  "    resource_managers: [\"http://resource-manager:8088\"]\n"
                : "    resource_managers: " + List(resource_managers) + "\n";
    if (!names->empty()) yaml += "    applications: " + List(*names) + "\n";
    const std::pair<const char*, const char*> kNumbers[] = {
        {"APPS.window", "poll_interval"},
        {"ERRORS.min_sleep_time", "error_min_sleep"},
        {"ERRORS.max_sleep_time", "error_max_sleep"},
        {"ERRORS.min_errors_threshold", "error_min_count"},
        {"ERRORS.max_errors_threshold", "error_max_count"}};
    for (const auto& [key, option] : kNumbers) {
      const std::optional<Value> value = Take(key);
      if (!value) continue;
      const std::optional<uint64_t> number = ReadNumber(value->text);
      if (!number) return Wrong(value->line, std::string(key) + ": give a number");
      const bool is_count = std::string_view(option).ends_with("count");
      yaml += std::string("    ") + option + ": " + std::to_string(*number) +
              (is_count ? "" : "s") + "\n";
    }
    yaml += "sinks:\n" + (search ? ElasticsearchSink(search->text) : "  - kind: stdout\n");
    for (const auto& [key, value] : ini_) {
      yaml += "# line " + std::to_string(value.line) + ", " + Printable(key, 100) +
              ": sparktail has no such option\n";
    }
    return yaml;
  }

 private:
  std::optional<Value> Take(const std::string& key) {
    const auto found = ini_.find(key);
    if (found == ini_.end()) return std::nullopt;
    Value value = std::move(found->second);
    ini_.erase(found);
    return value;
  }

  // Reads APPS.names, a JSON list.
  absl::StatusOr<std::vector<std::string>> Names() {
    const std::optional<Value> value = Take("APPS.names");
    std::vector<std::string> names;
    if (!value) return names;
    simdjson::dom::parser parser;
    simdjson::dom::array list;
    if (parser.parse(value->text).get(list) != simdjson::SUCCESS) {
      return Wrong(value->line, "APPS.names: give a list such as [\"a\", \"b\"]");
    }
    for (const simdjson::dom::element& one : list) {
      std::string_view name;
      if (one.get(name) != simdjson::SUCCESS) {
        return Wrong(value->line, "APPS.names: each name must be a string");
      }
      names.emplace_back(name);
    }
    return names;
  }

  // config.ini names an environment; the addresses of its nodes are in spark-monitor's code.
  static std::string ElasticsearchSink(std::string_view environment) {
    return "  - kind: elasticsearch\n"
           "    # spark-monitor had the nodes of " +
           Quoted(Printable(environment, 40)) +
           " in its settings.py: give them here.\n"
           "    urls: [\"http://elasticsearch:9200\"]\n"
           "    index: \"monitor-yarn-{environment}-%Y%m%d\"\n";
  }

  static std::string LevelOf(const std::string& python) {
    std::string level = absl::AsciiStrToLower(python);
    if (level == "debug" || level == "info" || level == "warning" || level == "error") return level;
    return level == "critical" ? "error" : level == "warn" ? "warning" : "info";
  }

  Ini ini_;
};

}  // namespace

absl::StatusOr<std::string> MigrateConfig(std::string_view ini,
                                          const std::vector<std::string>& resource_managers) {
  absl::StatusOr<Ini> read = ReadIni(std::string(ini));
  if (!read.ok()) return read.status();
  return Migration(*std::move(read)).Run(resource_managers);
}

Finish<MigrateCommand> AddMigrate(CLI::App* app) {
  const auto command = std::make_shared<MigrateCommand>();
  CommandOptions options(app, "migrate-config",
                         "Convert a spark-monitor's config.ini and print the configuration",
                         "Example:\n  sparktail migrate-config config.ini > sparktail.yaml");
  options.AddText("file", "TEXT", &command->file, "The config.ini");
  options.AddTexts("--resource-manager", "TEXT", &command->resource_managers,
                   "ResourceManager, as http://rm1:8088; repeatable");
  return [command](const Surroundings& surroundings) -> AnswerOr<MigrateCommand> {
    if (command->file.empty())
      return WrongUsage("migrate-config: the file is missing; give a config.ini");
    command->file = AbsolutePath(command->file, surroundings.directory);
    for (const std::string& url : command->resource_managers) {
      if (IsServerUrl(url)) continue;
      return WrongUsage("--resource-manager: give an address such as http://rm1:8088, not '" +
                        Printable(url, 64) + "'");
    }
    return std::move(*command);
  };
}

ExitCode RunMigrate(const MigrateCommand& command, Os* os) {
  const auto failed = [&](const std::string& why) {
    WriteAll(os, STDERR_FILENO, "sparktail: " + Printable(command.file, 256) + ": " + why + "\n")
        .IgnoreError();
    return ExitCode::kFailed;
  };
  const absl::StatusOr<std::string> text = ReadFile(os, command.file, kLargestFile);
  if (!text.ok()) return failed("cannot read it: " + std::string(text.status().message()));
  const absl::StatusOr<std::string> yaml = MigrateConfig(*text, command.resource_managers);
  if (!yaml.ok()) return failed(Printable(std::string(yaml.status().message()), 1024));
  return WriteAll(os, STDOUT_FILENO, *yaml).ok() ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace sparktail
