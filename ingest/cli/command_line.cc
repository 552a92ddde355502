#include "ingest/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>
#include <sstream>

#include "parsers/event.h"
#include "parsers/log_diagnosis.h"

namespace sparktail {
namespace {

constexpr std::string_view kParseExamples = R"(
Examples:
  sparktail parse driver.log                      all events, one JSON document a line
  spark-submit app.py 2> >(sparktail parse)       live: events as they happen
  zcat driver.log.gz | sparktail parse --stats    also says what was read and skipped
  sparktail parse --only progress --app-name etl stderr | jq .metrics.numInputRows
)";

constexpr size_t kLeastEventBytes = 1024;
constexpr size_t kMostEventBytes = size_t{1} << 30;

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

// "16777216", "16MiB", "4k": a number of bytes.
std::optional<size_t> ParseBytes(const std::string& text) {
  size_t value = 0;
  const char* end = text.data() + text.size();
  const auto [unit_begin, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc()) return std::nullopt;
  std::string unit(unit_begin, end);
  std::transform(unit.begin(), unit.end(), unit.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  unsigned shift = 0;
  if (unit == "k" || unit == "kib") {
    shift = 10;
  } else if (unit == "m" || unit == "mib") {
    shift = 20;
  } else if (unit == "g" || unit == "gib") {
    shift = 30;
  } else if (!unit.empty()) {
    return std::nullopt;
  }
  if (value > (SIZE_MAX >> shift)) return std::nullopt;
  return value << shift;
}

// Error texts of the options below; empty if the value is good.
std::string ReadKinds(const std::string& names, EventKinds* kinds) {
  static constexpr char kThereAre[] = "there are: progress, query, signal";
  if (names.empty()) return std::string("a kind is missing; ") + kThereAre;
  *kinds = EventKinds::None();
  std::istringstream list(names);
  for (std::string name; std::getline(list, name, ',');) {
    const auto* found = std::find(kEventKindNames.begin(), kEventKindNames.end(), name);
    if (found == kEventKindNames.end()) {
      return "unknown kind '" + Printable(name, 64) + "'; " + kThereAre;
    }
    kinds->Add(static_cast<EventKind>(found - kEventKindNames.begin()));
  }
  return {};
}

std::string ReadZone(const std::string& name, absl::TimeZone* zone) {
  // A name, not a path: the library would open any file.
  const bool is_path = name.starts_with('/') || name.find("..") != std::string::npos ||
                       name.find(':') != std::string::npos;
  if (!is_path && absl::LoadTimeZone(name, zone)) return {};
  return "unknown time zone '" + Printable(name, 64) +
         "'; give an IANA name such as Europe/Madrid or UTC";
}

std::string ReadEventBytes(const std::string& text, size_t* bytes) {
  const std::optional<size_t> value = ParseBytes(text);
  if (!value || *value < kLeastEventBytes || *value > kMostEventBytes) {
    return "'" + Printable(text, 64) +
           "' is no size: give bytes, or a number with KiB, MiB or GiB, from 1KiB to 1GiB";
  }
  *bytes = *value;
  return {};
}

void AddParse(CLI::App* app, ParseCommand* command) {
  CLI::App* parse = app->add_subcommand("parse", "Log text in, one JSON document a line out");
  parse->footer(std::string(kParseExamples));
  parse->add_option("FILE", command->files, "Logs to read; - is standard input (the default)");
  const auto checked = [parse](const std::string& name, const std::string& type,
                               const std::string& help,
                               const std::function<std::string(const std::string&)>& read) {
    parse
        ->add_option_function<std::string>(
            name,
            [name, read](const std::string& value) {
              const std::string error = read(value);
              if (!error.empty()) throw CLI::ValidationError(name, error);
            },
            help)
        ->type_name(type);
  };
  checked("--only", "KIND[,KIND]", "Write events of these kinds only: progress, query, signal",
          [command](const std::string& v) { return ReadKinds(v, &command->parser.kinds); });
  parse->add_option("--app-id", command->identity.app_id, "Application id, whatever the log says")
      ->type_name("ID");
  parse
      ->add_option("--app-name", command->identity.app_name,
                   "Application name, whatever the log says")
      ->type_name("NAME");
  parse->add_option("--environment", command->environment, "Value of `environment` in documents")
      ->type_name("NAME")
      ->capture_default_str();
  checked("--timezone", "ZONE",
          "Zone of header stamps that name none, such as Europe/Madrid (default UTC). The times "
          "in progress events are in UTC anyway",
          [command](const std::string& v) { return ReadZone(v, &command->parser.zone); });
  checked("--max-event-bytes", "SIZE", "Longer records are given up, or cut (default 16MiB)",
          [command](const std::string& v) {
            return ReadEventBytes(v, &command->parser.max_event_bytes);
          });
  parse->add_flag("--stats", command->stats, "Say on stderr what was read, found and skipped");
}

std::vector<std::string> OptionNames(const CLI::App* app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app->get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

Answer WrongUsage(std::string text) {
  return {"sparktail: " + std::move(text) + "\n", ExitCode::kWrongUsage};
}

// A word on the command line that nobody knows.
Answer UnknownWord(const CLI::App& app, const std::vector<std::string>& words) {
  const std::vector<CLI::App*> subcommands = app.get_subcommands();
  const CLI::App* where = subcommands.empty() ? &app : subcommands[0];
  const std::string word = words.empty() ? std::string() : words[0].substr(0, words[0].find('='));
  std::vector<std::string> known = OptionNames(where);
  if (subcommands.empty()) known.emplace_back("parse");
  std::string text =
      (word.starts_with('-') ? "unknown option " : "unknown command ") + Printable(word, 64);
  const std::string nearest = Nearest(word, known);
  if (!nearest.empty()) text += "; did you mean " + nearest + "?";
  return WrongUsage(text + " (see sparktail " +
                    (subcommands.empty() ? "" : where->get_name() + " ") + "--help)");
}

}  // namespace

std::string Nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string nearest;
  size_t least = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = EditDistance(word, candidate);
    if (distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

Command ReadCommandLine(const std::vector<std::string>& arguments, std::string_view version) {
  // CLI11 would take the next word for the value: a file, where a script's variable is empty.
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    if (argument.starts_with("--") && argument.ends_with('=')) {
      return WrongUsage(Printable(argument.substr(0, argument.size() - 1), 64) +
                        ": a value is missing behind the =");
    }
  }
  CLI::App app("Reads Apache Spark driver logs and turns what is in them into events.",
               "sparktail");
  app.set_version_flag("--version", "sparktail " + std::string(version));
  app.footer(
      "\nExample:\n  sparktail parse driver.log\n\nMore of a command: sparktail parse --help");
  app.require_subcommand(1);
  ParseCommand parse;
  AddParse(&app, &parse);
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
  if (parse.files.empty()) parse.files.emplace_back("-");
  parse.parser.count_records = parse.stats;
  return parse;
}

}  // namespace sparktail
