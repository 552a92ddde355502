#include "ingest/cli/replay_command.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <variant>

#include "ingest/base/nearest.h"
#include "ingest/base/printable.h"
#include "ingest/cli/config_file.h"
#include "ingest/cli/error_log.h"
#include "ingest/cli/run_command.h"
#include "ingest/sources/dead_letters/dead_letter_source_kind.h"
#include "ingest/sources/dead_letters/dead_letter_survey.h"
#include "parsers/event_id.h"

namespace sparktail {
namespace {

constexpr char kExamples[] = R"(
FILE holds dead letters, one line per event that a sink rejected: state_dir/dead-letter/SINK/*.ndjson. If the documents were
at fault, correct them in a copy first. Each event is sent to the sink that its line names. Events that are rejected again go
to the dead letters of the replay; the exit code is then 3, and the last line says where they are. `replay` can run beside
`sparktail run`. If it is killed, run the same command again to resume. Logs and archives of logs can't be replayed yet: see
sparktail parse and sparktail run.

Examples:
  sparktail replay -c sparktail.yaml /var/lib/sparktail/dead-letter/search/*.ndjson
  sparktail replay -c sparktail.yaml --sink history corrected.ndjson
)";

// A line of dead letters is longer than its event by the cause.
constexpr size_t kRoomForCause = size_t{1} << 20;
constexpr size_t kHashSize = 16;
constexpr uint64_t kMostReported = 20;

std::string Count(uint64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

class Replay {
 public:
  Replay(const ReplayCommand& command, std::string_view version, Os* os)
      : command_(command), version_(version), os_(os), log_(os) {}

  ExitCode Execute() {
    if (!command_.sink.empty() && !CheckSink(command_.sink, "--sink")) {
      return ExitCode::kWrongUsage;
    }
    absl::StatusOr<DeadLetterSurvey> survey = Survey();
    if (!survey.ok()) {
      log_.Error("replay", std::string(survey.status().message()));
      return absl::IsInvalidArgument(survey.status()) ? ExitCode::kWrongUsage : ExitCode::kFailed;
    }
    survey_ = *std::move(survey);
    if (!command_.sink.empty()) GiveAllTo(command_.sink);
    for (const auto& [name, sink] : survey_.sinks) {
      if (!CheckSink(name, sink.first)) return ExitCode::kWrongUsage;
    }
    if (survey_.sinks.empty()) {
      Say("there is nothing to send" + Skipped());
      return survey_.unfit > 0 ? ExitCode::kDeadLetters : ExitCode::kOk;
    }
    RunCommand run = AsRun();
    state_dir_ = run.configuration.state_dir;
    return RunRun(run, version_, os_);
  }

 private:
  absl::StatusOr<DeadLetterSurvey> Survey() {
    uint64_t reported = 0;
    const auto report = [&](std::string_view message) {
      if (++reported <= kMostReported) log_.Warn("replay", message);
    };
    absl::StatusOr<DeadLetterSurvey> survey =
        SurveyDeadLetters(os_, command_.files, LongestLine(),
                          /*need_sinks=*/command_.sink.empty(), report);
    if (reported > kMostReported) {
      log_.Warn("replay", "… and " + std::to_string(reported - kMostReported) + " more like this");
    }
    return survey;
  }

  size_t LongestLine() const { return command_.configuration.max_event_bytes + kRoomForCause; }

  void GiveAllTo(const std::string& name) {
    DeadLetterSurvey::Sink all;
    for (const auto& [former_sink, sink] : survey_.sinks) all.events += sink.events;
    survey_.sinks.clear();
    if (all.events > 0) survey_.sinks[name] = all;
  }

  // Returns whether the sink can be sent to, and reports why not. `where`: the place that names it.
  bool CheckSink(const std::string& name, const std::string& where) {
    std::vector<std::string> names;
    for (const SinkConfiguration& sink : command_.configuration.sinks) names.push_back(sink.name);
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      const std::string nearest = Nearest(name, names);
      log_.Error("replay", where + ": the configuration has no sink " + Printable(name, 64) +
                               (nearest.empty() ? "; name another one with --sink"
                                                : "; did you mean --sink " + nearest + "?"));
      return false;
    }
    const auto& sink = command_.configuration.sinks[static_cast<size_t>(found - names.begin())];
    if (sink.kind->no_replay.empty()) return true;
    log_.Error("replay", where + ": sink " + name + " " + sink.kind->no_replay +
                             "; name another one with --sink (the output of a stdout sink can be "
                             "redirected)");
    return false;
  }

  // Returns a `run` with its own state, instance name and sources.
  RunCommand AsRun() {
    RunCommand run;
    run.recover = command_.recover;
    run.until_exit.enabled = true;
    run.until_exit.complete = "all dead letters are read";
    run.conclude = [this](const PipelineStatus& status, ExitCode code) {
      return Conclude(status, code);
    };
    const std::string hash(
        View(MakeEventId({"replay", command_.sink, survey_.hash})).substr(0, kHashSize));
    Configuration& configuration = run.configuration;
    configuration = command_.configuration;
    configuration.state_dir += "/replay/" + hash;
    configuration.instance += "-replay-" + hash;
    // The HTTP port and the log file belong to `run`.
    configuration.http.clear();
    configuration.log.path.clear();
    std::erase_if(configuration.sinks, [this](const SinkConfiguration& sink) {
      return !survey_.sinks.contains(sink.name);
    });
    configuration.sources.clear();
    for (const auto& [name, sink] : survey_.sinks) {
      configuration.sources.push_back(SourceOf(name, hash));
    }
    return run;
  }

  // Uses a name that no configuration can have, because a history keeps the cursors of all sources.
  SourceConfiguration SourceOf(const std::string& sink, const std::string& hash) const {
    SourceConfiguration source;
    source.name = "replay:" + hash + ":" + sink;
    source.environment = command_.configuration.environment;
    source.sinks = {sink};
    DeadLetterSourceOptions options;
    options.files = survey_.files;
    options.sink = command_.sink.empty() ? sink : "";
    options.longest_line = LongestLine();
    source.kind = &DeadLetterSourceKind();
    source.options = AnyOptions::Of(std::move(options));
    return source;
  }

  ExitCode Conclude(const PipelineStatus& status, ExitCode code) {
    const bool is_complete =
        std::all_of(status.sources.begin(), status.sources.end(),
                    [](const SourceStatus& source) { return source.lag_bytes == 0; });
    if (code != ExitCode::kFailed && !is_complete) code = ExitCode::kFailed;
    std::string text = "sent " + Sent(status);
    const std::vector<std::string> rejected = RejectedFolders(status);
    if (code == ExitCode::kFailed) {
      text += "; not all events are sent: run the same command again to resume";
    } else {
      text += SentBefore(status);
      if (!rejected.empty() || survey_.unfit > 0) code = ExitCode::kDeadLetters;
    }
    for (const std::string& folder : rejected) {
      text += "; events that were rejected again are in " + folder;
    }
    Say(text + Skipped());
    return code;
  }

  // "2 events to sink history, 10 events to sink search (and 1 that it rejected again)".
  static std::string Sent(const PipelineStatus& status) {
    std::string text;
    for (const SinkStatus& sink : status.sinks) {
      // Dead letters may include events that are not committed.
      const uint64_t taken = sink.events - std::min(sink.events, sink.dead_letters);
      text += (text.empty() ? "" : ", ") + Count(taken, "event") + " to sink " + sink.name;
      if (sink.dead_letters > 0) {
        text += " (and " + std::to_string(sink.dead_letters) + " that it rejected again)";
      }
    }
    return text;
  }

  std::string SentBefore(const PipelineStatus& status) const {
    uint64_t before = 0;
    for (const SinkStatus& sink : status.sinks) {
      const uint64_t all = survey_.sinks.at(sink.name).events;
      before += all - std::min(all, sink.events);
    }
    if (before == 0) return "";
    return "; " + Count(before, "event") + " had been sent before";
  }

  // Returns the folders with dead letters of this replay, including earlier runs that were killed.
  std::vector<std::string> RejectedFolders(const PipelineStatus& status) const {
    std::vector<std::string> folders;
    for (const SinkStatus& sink : status.sinks) {
      std::string folder = state_dir_ + "/dead-letter/" + sink.name;
      const auto names = os_->List(folder);
      if (names.ok() && !names->empty()) folders.push_back(std::move(folder));
    }
    return folders;
  }

  std::string Skipped() const {
    if (survey_.unfit == 0) return "";
    return "; " + Count(survey_.unfit, "line") + " skipped, see above";
  }

  void Say(const std::string& text) const {
    WriteAll(os_, STDERR_FILENO, "sparktail: " + Printable(text, text.size()) + "\n").IgnoreError();
  }

  const ReplayCommand& command_;
  const std::string_view version_;
  Os* const os_;
  ErrorLog log_;
  DeadLetterSurvey survey_;
  std::string state_dir_;  // of the replay
};

}  // namespace

Finish<ReplayCommand> AddReplay(CLI::App* app) {
  const auto command = std::make_shared<ReplayCommand>();
  const auto config = std::make_shared<std::string>();
  CommandOptions options(app, "replay", "Send dead letters again, then exit", kExamples);
  options.AddTexts("FILE", "", &command->files, "Files of dead letters");
  options.AddConfig(config.get());
  options.AddText("--sink", "NAME", &command->sink,
                  "Send all events to this sink, whichever rejected them");
  options.AddFlag("--recover", &command->recover,
                  "Move a damaged offsets.db of this replay aside and send everything again");
  return [command, config](const Surroundings& surroundings) -> AnswerOr<ReplayCommand> {
    if (config->empty()) return WrongUsage("replay: the configuration is missing; give -c FILE");
    if (command->files.empty()) {
      return WrongUsage(
          "replay: the dead letters are missing; give files such as "
          "state_dir/dead-letter/SINK/*.ndjson");
    }
    absl::StatusOr<Configuration> configuration = ReadConfigurationFile(*config, surroundings);
    if (!configuration.ok()) return WrongUsage(configuration.status().message());
    command->configuration = *std::move(configuration);
    return std::move(*command);
  };
}

ExitCode RunReplay(const ReplayCommand& command, std::string_view version, Os* os) {
  return Replay(command, version, os).Execute();
}

}  // namespace sparktail
