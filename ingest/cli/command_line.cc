#include "ingest/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "ingest/base/nearest.h"
#include "ingest/base/options.h"
#include "ingest/base/printable.h"
#include "ingest/base/time_zone.h"
#include "ingest/cli/config_file.h"
#include "ingest/cli/config_reference.h"
#include "ingest/cli/help_files.h"
#include "ingest/cli/run_flags.h"
#include "ingest/sources/yarn/yarn_names.h"
#include "parsers/event.h"

namespace sparktail {
namespace {

constexpr std::string_view kParseExamples = R"(
Examples:
  sparktail parse driver.log                      all events, one JSON document a line
  spark-submit app.py 2> >(sparktail parse)       live: events as they happen
  zcat driver.log.gz | sparktail parse --stats    also reports what was read and skipped
  sparktail parse --only progress --app-name etl stderr | jq .metrics.numInputRows
)";

constexpr std::string_view kRunExamples = R"(
Examples:
  sparktail run --file '/logs/*/stderr' --output events.ndjson
  sparktail run --file /logs/driver.log --sqlite history.db --until-exit
  sparktail run -c sparktail.yaml
)";

constexpr std::string_view kReplayExamples = R"(
FILE holds dead letters, one line per event that a sink rejected: state_dir/dead-letter/SINK/*.ndjson. If the documents were
at fault, correct them in a copy first. Each event is sent to the sink that its line names. Events that are rejected again go
to the dead letters of the replay; the exit code is then 3, and the last line says where they are. `replay` can run beside
`sparktail run`. If it is killed, run the same command again to resume. Logs and archives of logs can't be replayed yet: see
sparktail parse and sparktail run.

Examples:
  sparktail replay -c sparktail.yaml /var/lib/sparktail/dead-letter/search/*.ndjson
  sparktail replay -c sparktail.yaml --sink history corrected.ndjson
)";

constexpr std::string_view kOffsetsExamples = R"(
Examples:
  sparktail offsets list -c sparktail.yaml         where each sink is in each stream
  sparktail offsets set STREAM beginning           deliver the stream again (no process may run)
  sparktail offsets forget STREAM                  as if the stream had never been seen
  sparktail offsets forget --all -c sparktail.yaml all streams, all sinks: start at start_at
  sparktail offsets forget --all --sink search     all streams, one sink
)";

constexpr std::string_view kCheckExamples = R"(
Examples:
  sparktail check -c sparktail.yaml
  sparktail check --print-json-schema > sparktail.schema.json
)";

constexpr std::string_view kExamples =
    "\nExamples:\n  sparktail parse driver.log\n  sparktail run --file '/logs/*/stderr' --output "
    "events.ndjson\n\nHelp for a command: sparktail parse --help";

constexpr size_t kLeastEventBytes = 1024;
constexpr size_t kMostEventBytes = size_t{1} << 30;

// ReadKinds, ReadZone and ReadEventBytes return an error text, which is empty if the value is good.
std::string ReadKinds(const std::string& names, EventKinds* kinds) {
  static constexpr char kKnown[] = "known kinds: progress, query, signal";
  if (names.empty()) return std::string("the kind is missing; ") + kKnown;
  *kinds = EventKinds::None();
  std::istringstream list(names);
  for (std::string name; std::getline(list, name, ',');) {
    const auto* const end = kEventKindNames.begin() + kLogEventKinds;
    const auto* found = std::find(kEventKindNames.begin(), end, name);
    if (found == end) {
      return "unknown kind '" + Printable(name, 64) + "'; " + kKnown;
    }
    kinds->Add(static_cast<EventKind>(found - kEventKindNames.begin()));
  }
  return {};
}

std::string ReadZone(const std::string& name, absl::TimeZone* zone) {
  const std::optional<absl::TimeZone> found = FindTimeZone(name);
  if (!found) {
    return "unknown time zone '" + Printable(name, 64) +
           "'; give an IANA name such as Europe/Madrid or UTC";
  }
  *zone = *found;
  return {};
}

std::string ReadEventBytes(const std::string& text, size_t* bytes) {
  const std::optional<uint64_t> value = ReadSize(text);
  if (!value || *value < kLeastEventBytes || *value > kMostEventBytes) {
    return "'" + Printable(text, 64) +
           "' is not a size: give bytes, or a number with KiB, MiB or GiB, from 1KiB to 1GiB";
  }
  *bytes = *value;
  return {};
}

void AddParse(CLI::App* app, ParseCommand* command) {
  CLI::App* parse = app->add_subcommand("parse", "Read log text, write one JSON document a line");
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
  checked("--only", "KIND[,KIND]", "Write only events of these kinds: progress, query, signal",
          [command](const std::string& v) { return ReadKinds(v, &command->parser.kinds); });
  parse->add_option("--app-id", command->identity.app_id, "Application id; overrides the log's")
      ->type_name("ID");
  parse
      ->add_option("--app-name", command->identity.app_name,
                   "Application name; overrides the log's")
      ->type_name("NAME");
  parse->add_option("--environment", command->environment, "Value of `environment` in documents")
      ->type_name("NAME")
      ->capture_default_str();
  checked(
      "--timezone", "ZONE",
      "Time zone of header stamps without a zone, such as Europe/Madrid (default UTC). Progress "
      "events have UTC times in any case",
      [command](const std::string& v) { return ReadZone(v, &command->parser.zone); });
  checked("--max-event-bytes", "SIZE", "Give up or cut longer records (default 16MiB)",
          [command](const std::string& v) {
            return ReadEventBytes(v, &command->parser.max_event_bytes);
          });
  parse->add_flag("--stats", command->stats, "Report on stderr what was read, found and skipped");
}

struct RunArguments {
  std::string file;  // of the configuration
  std::map<std::string, std::vector<std::string>> flags;
  UntilExit until_exit;
  bool recover = false;
  bool stats = false;
};

void AddConfig(CLI::App* app, std::string* file) {
  app->add_option("-c,--config", *file, "Configuration file (docs/configuration.md)")
      ->type_name("FILE");
}

void AddRunFlag(const RunFlag& flag, std::vector<std::string>* values, CLI::App* run) {
  CLI::Option* option =
      flag.repeatable
          ? run->add_option(flag.flag, *values, flag.help)->allow_extra_args(false)
          : run->add_option_function<std::string>(
                flag.flag, [values](const std::string& value) { *values = {value}; }, flag.help);
  option->type_name(flag.type_name)->group("Instead of -c");
}

void AddRun(CLI::App* app, RunArguments* arguments) {
  CLI::App* run =
      app->add_subcommand("run", "Follow logs for ever; resume where each sink stopped");
  run->footer(std::string(kRunExamples));
  AddConfig(run, &arguments->file);
  for (const RunFlag& flag : RunFlags()) AddRunFlag(flag, &arguments->flags[flag.flag], run);
  run->add_flag("--until-exit", arguments->until_exit.enabled,
                "Stop when the driver's log is complete and delivered");
  run->add_option("--exit-marker", arguments->until_exit.marker,
                  "With --until-exit: a file that exists once the driver has exited")
      ->type_name("FILE");
  run->add_flag("--recover", arguments->recover,
                "Move a damaged offsets.db aside and start from what the sinks hold");
  run->add_flag("--stats", arguments->stats,
                "Report on stderr, at the end, what was read and delivered");
}

struct ReplayArguments {
  std::string file;  // of the configuration
  std::vector<std::string> files;
  std::string sink;
  bool recover = false;
};

void AddReplay(CLI::App* app, ReplayArguments* arguments) {
  CLI::App* replay = app->add_subcommand("replay", "Send dead letters again, then exit");
  replay->footer(std::string(kReplayExamples));
  replay->add_option("FILE", arguments->files, "Files of dead letters")->type_name("");
  AddConfig(replay, &arguments->file);
  replay
      ->add_option("--sink", arguments->sink,
                   "Send all events to this sink, whichever rejected them")
      ->type_name("NAME");
  replay->add_flag("--recover", arguments->recover,
                   "Move a damaged offsets.db of this replay aside and send everything again");
}

struct OffsetsArguments {
  std::string file;
  std::string state_dir;
  std::vector<std::string> words;
  bool all = false;
  OffsetsCommand command;
};

void AddOffsets(CLI::App* app, OffsetsArguments* arguments) {
  CLI::App* offsets = app->add_subcommand("offsets", "List, move or drop cursors");
  offsets->footer(std::string(kOffsetsExamples));
  offsets->add_option("ACTION", arguments->words, "list|set|forget [STREAM [OFFSET|beginning]]")
      ->type_name("");
  AddConfig(offsets, &arguments->file);
  offsets->add_option("--state-dir", arguments->state_dir, "Directory of offsets.db, instead of -c")
      ->type_name("DIR");
  offsets->add_option("--sink", arguments->command.sink, "Only cursors of this sink")
      ->type_name("NAME");
  offsets->add_flag("--all", arguments->all,
                    "forget: drop cursors in all streams, instead of STREAM");
  offsets->add_flag("--json", arguments->command.json,
                    "Print one JSON object per cursor; forget: one object with their number");
}

struct CheckArguments {
  std::string file;
  bool reference = false;
  bool schema = false;
};

void AddCheck(CLI::App* app, CheckArguments* arguments) {
  CLI::App* check =
      app->add_subcommand("check", "Read the configuration and try every source and sink");
  check->footer(std::string(kCheckExamples));
  AddConfig(check, &arguments->file);
  check->add_flag("--print-config-reference", arguments->reference,
                  "Print the reference of all options (docs/configuration.md)");
  check->add_flag("--print-json-schema", arguments->schema,
                  "Print a JSON Schema for editors (docs/sparktail.schema.json)");
}

void AddSetup(CLI::App* app, std::string* file) {
  CLI::App* setup = app->add_subcommand(
      "setup", "Create what the sinks need: topics, index templates, dashboards; may be run again");
  setup->footer("Example:\n  sparktail setup -c sparktail.yaml");
  AddConfig(setup, file);
}

struct BatchesArguments {
  BatchesCommand command;
  std::string interval;
};

void AddBatches(CLI::App* app, BatchesArguments* arguments) {
  CLI::App* batches =
      app->add_subcommand("batches", "Print the batches of a DStream application on YARN");
  batches->footer(
      "Example:\n  sparktail batches --master rm1:8088 --application-id "
      "application_1469205272660_0006");
  batches->add_option("--master", arguments->command.masters,
                      "ResourceManager, as HOST[:PORT] or http://HOST:PORT; repeatable");
  batches->add_option("--application-id", arguments->command.application, "Application id on YARN");
  batches->add_flag("--follow", arguments->command.follow,
                    "Keep running and print further batches");
  batches->add_option("--interval", arguments->interval,
                      "With --follow: how often to look for batches (default 5s)");
}

void AddMigrate(CLI::App* app, MigrateCommand* command) {
  CLI::App* migrate = app->add_subcommand(
      "migrate-config", "Convert a spark-monitor's config.ini and print the configuration");
  migrate->footer("Example:\n  sparktail migrate-config config.ini > sparktail.yaml");
  migrate->add_option("file", command->file, "The config.ini");
  migrate->add_option("--resource-manager", command->resource_managers,
                      "ResourceManager, as http://rm1:8088; repeatable");
}

// Not in the help: the build makes the man page and the completions with it.
void AddPrintHelp(CLI::App* app, std::string* form) {
  app->add_subcommand("print-help", "Print the man page, or completions for a shell")
      ->group("")
      ->add_option("FORM", *form, "man, bash or zsh");
}

Answer WrongUsage(std::string text) {
  return {"sparktail: " + std::move(text) + "\n", ExitCode::kWrongUsage};
}

// Prefixes each line of a configuration error.
Answer WrongConfiguration(const absl::Status& status) {
  Answer answer{"", ExitCode::kWrongUsage};
  std::istringstream lines{std::string(status.message())};
  for (std::string line; std::getline(lines, line);) answer.text += "sparktail: " + line + "\n";
  return answer;
}

Command FinishParse(ParseCommand command) {
  if (command.files.empty()) command.files.emplace_back("-");
  command.parser.count_records = command.stats;
  return command;
}

absl::StatusOr<Configuration> ConfigurationOfRun(
    const std::string& file, const std::map<std::string, std::vector<std::string>>& flags,
    const Surroundings& surroundings) {
  if (!file.empty()) return ReadConfigurationFile(file, surroundings);
  return ReadConfigurationTree(TreeOfFlags(flags), "", surroundings);
}

Command FinishRun(RunArguments arguments, const Surroundings& surroundings) {
  // Flags that were not given are present with no value.
  std::erase_if(arguments.flags, [](const auto& flag) { return flag.second.empty(); });
  for (const auto& [flag, values] : arguments.flags) {
    if (!arguments.file.empty()) {
      return WrongUsage(flag + ": give either a configuration (-c) or flags, not both");
    }
  }
  if (arguments.file.empty() && !arguments.flags.contains("--file")) {
    return WrongUsage(
        "run: no source is given; give -c FILE or --file GLOB (see sparktail run "
        "--help)");
  }
  if (!arguments.until_exit.marker.empty() && !arguments.until_exit.enabled) {
    return WrongUsage("--exit-marker needs --until-exit");
  }
  absl::StatusOr<Configuration> configuration =
      ConfigurationOfRun(arguments.file, arguments.flags, surroundings);
  if (!configuration.ok()) return WrongConfiguration(configuration.status());
  for (const SourceConfiguration& source : configuration->sources) {
    if (!arguments.until_exit.enabled || !arguments.until_exit.marker.empty()) break;
    if (source.kind->notices_exit) continue;
    return WrongUsage("--until-exit needs --exit-marker, because source " + source.name +
                      " (kind " + source.kind->name + ") can't tell that a driver has exited");
  }
  RunCommand command{std::move(*configuration), arguments.until_exit, arguments.recover,
                     arguments.stats};
  command.measures = MeasuresOf(surroundings.kinds.sinks);
  std::string& marker = command.until_exit.marker;
  if (!marker.empty()) marker = AbsolutePath(marker, surroundings.directory);
  return command;
}

Command FinishReplay(ReplayArguments arguments, const Surroundings& surroundings) {
  if (arguments.file.empty())
    return WrongUsage("replay: the configuration is missing; give -c FILE");
  if (arguments.files.empty()) {
    return WrongUsage(
        "replay: the dead letters are missing; give files such as "
        "state_dir/dead-letter/SINK/*.ndjson");
  }
  absl::StatusOr<Configuration> configuration = ReadConfigurationFile(arguments.file, surroundings);
  if (!configuration.ok()) return WrongConfiguration(configuration.status());
  return ReplayCommand{std::move(*configuration), std::move(arguments.files),
                       std::move(arguments.sink), arguments.recover};
}

// Reads ACTION [STREAM [OFFSET]]. Returns an error text, which is empty if all is well.
std::string ReadOffsetsWords(const std::vector<std::string>& words, bool all,
                             OffsetsCommand* command) {
  static const std::vector<std::string> kActions = {"list", "set", "forget"};
  if (words.empty()) return "offsets: the action is missing: list, set or forget";
  const auto action = std::find(kActions.begin(), kActions.end(), words[0]);
  if (action == kActions.end()) {
    const std::string nearest = Nearest(words[0], kActions);
    return "offsets: unknown action " + Printable(words[0], 64) +
           (nearest.empty() ? "; give list, set or forget" : "; did you mean " + nearest + "?");
  }
  command->action = static_cast<OffsetsCommand::Action>(action - kActions.begin());
  const bool is_set = command->action == OffsetsCommand::Action::kSet;
  const bool is_list = command->action == OffsetsCommand::Action::kList;
  const size_t most = is_set ? 3 : 2;
  if (words.size() > most) return "offsets: unexpected word " + Printable(words[most], 64);
  if (all && (is_set || is_list)) return "--all works only with offsets forget";
  if (all && words.size() > 1) return "offsets forget: give either a stream or --all";
  if (words.size() < 2 && !is_list && (is_set || (command->sink.empty() && !all))) {
    return "offsets " + words[0] + ": the stream is missing; sparktail offsets list shows them" +
           (is_set ? "" : ". Give --all for all streams, or --sink for those of one sink");
  }
  if (words.size() > 1) command->stream = words[1];
  if (!is_set) return "";
  if (words.size() < 3)
    return "offsets set: the offset is missing; give a number of bytes, or beginning";
  if (words[2] == "beginning") return "";
  const std::optional<uint64_t> offset = ReadNumber(words[2]);
  if (!offset) {
    return "offsets set: give an offset in bytes, or beginning, not '" + Printable(words[2], 64) +
           "'";
  }
  command->offset = *offset;
  return "";
}

Command FinishOffsets(OffsetsArguments arguments, const Surroundings& surroundings) {
  OffsetsCommand command = std::move(arguments.command);
  command.source_kinds = surroundings.kinds.sources;
  const std::string error = ReadOffsetsWords(arguments.words, arguments.all, &command);
  if (!error.empty()) return WrongUsage(error);
  if (!arguments.file.empty() && !arguments.state_dir.empty()) {
    return WrongUsage("offsets: give either -c or --state-dir, not both");
  }
  if (!arguments.file.empty()) {
    absl::StatusOr<Configuration> configuration =
        ReadConfigurationFile(arguments.file, surroundings);
    if (!configuration.ok()) return WrongConfiguration(configuration.status());
    command.state_dir = std::move(configuration->state_dir);
    command.instance = std::move(configuration->instance);
    command.sinks = std::move(configuration->sinks);
    return command;
  }
  if (!arguments.state_dir.empty()) {
    command.state_dir = AbsolutePath(arguments.state_dir, surroundings.directory);
    return command;
  }
  const std::optional<std::string> directory = DefaultStateDirectory(surroundings);
  if (!directory)
    return WrongUsage("offsets: the state directory is unknown; give -c FILE or --state-dir DIR");
  command.state_dir = *directory;
  return command;
}

Command FinishCheck(const CheckArguments& arguments, const Surroundings& surroundings) {
  const int asked =
      (arguments.file.empty() ? 0 : 1) + (arguments.reference ? 1 : 0) + (arguments.schema ? 1 : 0);
  if (asked != 1) {
    return WrongUsage("check: give one of -c FILE, --print-config-reference, --print-json-schema");
  }
  if (arguments.reference) return Answer{ConfigReference(surroundings.kinds), ExitCode::kOk};
  if (arguments.schema) return Answer{ConfigJsonSchema(surroundings.kinds), ExitCode::kOk};
  absl::StatusOr<Configuration> configuration = ReadConfigurationFile(arguments.file, surroundings);
  if (!configuration.ok()) return WrongConfiguration(configuration.status());
  return CheckCommand{arguments.file, std::move(*configuration)};
}

Command FinishSetup(const std::string& file, const Surroundings& surroundings) {
  if (file.empty()) return WrongUsage("setup: the configuration is missing; give -c FILE");
  absl::StatusOr<Configuration> configuration = ReadConfigurationFile(file, surroundings);
  if (!configuration.ok()) return WrongConfiguration(configuration.status());
  return SetupCommand{std::move(*configuration)};
}

// Accepts what people type: "rm1" and "rm1:8088".
std::string MasterUrl(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  if (text.find("://") == std::string::npos) {
    const bool has_port = text.rfind(':') != std::string::npos && !text.ends_with(']');
    text = "http://" + text + (has_port ? "" : ":8088");
  }
  return text;
}

Command FinishBatches(BatchesArguments arguments) {
  BatchesCommand& command = arguments.command;
  if (command.masters.empty())
    return WrongUsage("batches: the ResourceManager is missing; give --master HOST");
  for (std::string& master : command.masters) {
    const std::string given = std::exchange(master, MasterUrl(master));
    if (!IsServerUrl(master)) {
      return WrongUsage("--master: give HOST[:PORT] or http://HOST:PORT, not '" +
                        Printable(given, 64) + "'");
    }
  }
  if (!IsApplicationId(command.application)) {
    return WrongUsage("--application-id: give an id such as application_1469205272660_0006, not '" +
                      Printable(command.application, 64) + "'");
  }
  if (!arguments.interval.empty()) {
    const std::optional<absl::Duration> interval = ReadDuration(arguments.interval);
    if (!interval || *interval <= absl::ZeroDuration()) {
      return WrongUsage("--interval: give a duration such as 5s, not '" +
                        Printable(arguments.interval, 64) + "'");
    }
    command.interval = *interval;
  }
  return std::move(command);
}

Command FinishMigrate(MigrateCommand command, const Surroundings& surroundings) {
  if (command.file.empty())
    return WrongUsage("migrate-config: the file is missing; give a config.ini");
  command.file = AbsolutePath(command.file, surroundings.directory);
  for (const std::string& url : command.resource_managers) {
    if (!IsServerUrl(url)) {
      return WrongUsage("--resource-manager: give an address such as http://rm1:8088, not '" +
                        Printable(url, 64) + "'");
    }
  }
  return command;
}

Answer FinishPrintHelp(const CLI::App& app, const std::string& form, std::string_view version) {
  if (form == "man") return {ManPage(app, version), ExitCode::kOk};
  if (form == "bash") return {BashCompletions(app), ExitCode::kOk};
  if (form == "zsh") return {ZshCompletions(app), ExitCode::kOk};
  return WrongUsage("print-help: give man, bash or zsh");
}

std::vector<std::string> OptionNames(const CLI::App* app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app->get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// Returns the error for an unknown word on the command line.
Answer UnknownWord(const CLI::App& app, const std::vector<std::string>& words) {
  const std::vector<CLI::App*> subcommands = app.get_subcommands();
  const CLI::App* where = subcommands.empty() ? &app : subcommands[0];
  const std::string word = words.empty() ? std::string() : words[0].substr(0, words[0].find('='));
  std::vector<std::string> known = OptionNames(where);
  if (subcommands.empty()) {
    for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  }
  const char* what = word.starts_with('-') ? "unknown option "
                     : subcommands.empty() ? "unknown command "
                                           : "unexpected word ";
  std::string text = what + Printable(word, 64);
  const std::string nearest = Nearest(word, known);
  if (!nearest.empty()) {
    text += "; did you mean " + nearest + "?";
  } else if (!subcommands.empty() &&
             (where->get_name() == "check" || where->get_name() == "setup") &&
             !word.starts_with('-')) {
    text += "; give the configuration with -c";
  } else if (!subcommands.empty() && where->get_name() == "run" && !word.starts_with('-')) {
    text += "; give a glob with --file, in quotes, so that the shell does not expand it";
  }
  return WrongUsage(text + " (see sparktail " +
                    (subcommands.empty() ? "" : where->get_name() + " ") + "--help)");
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
  app.footer(std::string(kExamples));
  app.require_subcommand(1);
  ParseCommand parse;
  RunArguments run;
  ReplayArguments replay;
  OffsetsArguments offsets;
  CheckArguments check;
  std::string setup;
  AddParse(&app, &parse);
  AddRun(&app, &run);
  AddReplay(&app, &replay);
  AddOffsets(&app, &offsets);
  AddCheck(&app, &check);
  AddSetup(&app, &setup);
  BatchesArguments batches;
  MigrateCommand migrate;
  AddBatches(&app, &batches);
  AddMigrate(&app, &migrate);
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
  if (command == "run") return FinishRun(std::move(run), surroundings);
  if (command == "replay") return FinishReplay(std::move(replay), surroundings);
  if (command == "offsets") return FinishOffsets(std::move(offsets), surroundings);
  if (command == "check") return FinishCheck(check, surroundings);
  if (command == "setup") return FinishSetup(setup, surroundings);
  if (command == "batches") return FinishBatches(std::move(batches));
  if (command == "migrate-config") return FinishMigrate(std::move(migrate), surroundings);
  if (command == "print-help") return FinishPrintHelp(app, help_form, version);
  return FinishParse(std::move(parse));
}

}  // namespace sparktail
