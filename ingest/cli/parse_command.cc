#include "ingest/cli/parse_command.h"

#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>

#include "ingest/base/options.h"
#include "ingest/base/printable.h"
#include "ingest/base/time_zone.h"
#include "ingest/cli/progress_bar.h"
#include "ingest/streams/content_stream.h"
#include "ingest/streams/file_reader.h"
#include "ingest/streams/stream_buffer.h"
#include "ingest/web/stats.h"
#include "parsers/event.h"
#include "parsers/json_text.h"
#include "parsers/log_diagnosis.h"
#include "parsers/unwrapper.h"

namespace sparktail {
namespace {

constexpr char kExamples[] = R"(
Examples:
  sparktail parse driver.log                      all events, one JSON document a line
  spark-submit app.py 2> >(sparktail parse)       live: events as they happen
  zcat driver.log.gz | sparktail parse --stats    also reports what was read and skipped
  sparktail parse --only progress --app-name etl stderr | jq .metrics.numInputRows
)";

constexpr size_t kFlushSize = size_t{256} << 10;

// One log: the stream itself, or both streams of a container.
class InputLog {
 public:
  InputLog(ContentShare* share, const StreamFacts& facts)
      : scratch_(&share->scratch),
        streams_{
            {{share, StreamKey("", "stdout"), facts}, {share, StreamKey("", "stderr"), facts}}},
        raw_(&share->buffers) {
    for (ContentStream& stream : streams_) stream.StartDiagnosis(/*now_and_again=*/true);
  }

  // Returns memory to read the log's next bytes into. Add() parses the first `size` bytes of it;
  // `last`: the log ends with them.
  std::span<char> Room() { return is_plain() ? streams_[0].Room() : raw_.Room(); }
  void Add(size_t size, bool last) {
    if (is_plain()) {
      streams_[0].Commit(size);
    } else {
      raw_.Commit(size);
      if (!wrapping_) Recognize(last);
      if (is_wrapped()) Unwrap(last);
    }
    if (!wrapping_) return;
    for (size_t i = 0; i < (is_plain() ? 1 : streams_.size()); ++i) {
      if (last) {
        streams_[i].Finish();
      } else {
        streams_[i].Parse();
      }
    }
  }

  bool is_wrapped() const { return wrapping_ && !is_plain(); }
  std::string_view wrapping_name() const {
    return wrapping_ == Wrapping::kCri ? "Kubernetes" : "Docker";
  }
  uint64_t foreign_lines() const { return unwrapper_ ? unwrapper_->foreign_lines() : 0; }

  std::array<ContentStream, 2>& streams() { return streams_; }
  ParserStats stats() const {
    ParserStats sum = streams_[0].stats();
    sum.Add(streams_[1].stats());
    return sum;
  }

  // Returns the diagnosis of the stream that has more in it: a container's log is in one of them.
  // Once, after the last Add().
  std::unique_ptr<LogDiagnosis> TakeDiagnosis() {
    const bool second = streams_[1].stats().bytes > streams_[0].stats().bytes;
    return streams_[second ? 1 : 0].TakeDiagnosis();
  }

 private:
  bool is_plain() const { return wrapping_ == Wrapping::kNone; }

  void Recognize(bool last) {
    wrapping_ = RecognizeWrapping(raw_.view(), last);
    if (!wrapping_ && last) wrapping_ = Wrapping::kNone;
    if (is_wrapped()) unwrapper_.emplace(*wrapping_, scratch_);
    if (is_plain()) streams_[0].TakeAll(&raw_);
  }

  void Unwrap(bool last) {
    size_t done = 0;
    while (const auto line = unwrapper_->Next(raw_.view().substr(done), last)) {
      done += line->size;
      streams_[static_cast<size_t>(line->stream)].Append(line->content);
    }
    raw_.DropFront(done);
  }

  ParserScratch* scratch_;
  std::optional<Wrapping> wrapping_;  // nullopt: not known yet
  std::optional<Unwrapper> unwrapper_;
  // In the order of StdStream. The first one is the log if that is not wrapped.
  std::array<ContentStream, 2> streams_;
  StreamBuffer raw_;  // bytes of a log that is wrapped, or may be
};

// One run of the command.
class Parse {
 public:
  Parse(const ParseCommand& command, Os* os)
      : command_(command), os_(os), share_(os, command.parser) {}

  ExitCode Run() {
    const absl::Time start = absl::Now();
    for (const std::string& file : command_.files) {
      if (output_.ok()) ReadFile(file);
    }
    if (command_.stats) {
      Say(FormatStats(stats_, absl::ToDoubleSeconds(absl::Now() - start)));
    }
    if (absl::IsCancelled(output_)) return ExitCode::kOk;  // the reader was `head`, say
    if (!output_.ok()) {
      Complain("cannot write to standard output: " + std::string(output_.message()));
      return ExitCode::kFailed;
    }
    return failed_ ? ExitCode::kFailed : ExitCode::kOk;
  }

 private:
  void ReadFile(const std::string& name) {
    const bool is_stdin = name == "-";
    if (is_stdin && ::isatty(STDIN_FILENO) == 1) Complain("reading a log from this terminal");
    absl::StatusOr<FileReader> reader =
        is_stdin ? FileReader::Stdin(os_) : FileReader::Open(os_, name);
    if (!reader.ok()) return Fail(name, reader.status());
    const absl::StatusOr<ParserStats> stats = ReadLog(name, is_stdin, &*reader);
    if (!stats.ok()) return Fail(name, stats.status());
    stats_.Add(*stats);
  }

  StreamFacts Facts(const std::string& name, bool is_stdin) const {
    StreamFacts facts;
    facts.environment = command_.environment;
    facts.source_name = is_stdin ? "stdin" : "file";
    if (!is_stdin) {
      facts.path = name;
      AddFactsFromPath(name, &facts);
    }
    if (!command_.identity.app_id.empty()) facts.identity.app_id = command_.identity.app_id;
    if (!command_.identity.app_name.empty()) facts.identity.app_name = command_.identity.app_name;
    return facts;
  }

  absl::StatusOr<ParserStats> ReadLog(const std::string& name, bool is_stdin, FileReader* reader) {
    InputLog log(&share_, Facts(name, is_stdin));
    ProgressBar bar(os_, STDERR_FILENO, ::isatty(STDERR_FILENO) == 1, reader->size());
    size_t read = 0;
    bool last = false;
    while (!last && output_.ok()) {
      const absl::StatusOr<size_t> size = reader->Read(log.Room());
      // Everything that was read before an error is good.
      last = !size.ok() || *size == 0;
      read += size.value_or(0);
      log.Add(size.value_or(0), last);
      // Flush the two streams of a container at once, so that their events stay in order. Flush at
      // the end of the log, because the next one may keep us waiting.
      const bool is_due = log.streams()[0].events().bytes.size() >= kFlushSize ||
                          log.is_wrapped() || !reader->is_regular() || last;
      if (is_due) Flush(&log);
      bar.Update(read, log.stats().total(), absl::Now());
      if (!size.ok()) {
        stats_.Add(StatsOf(log, read));
        return size.status();
      }
    }
    if (output_.ok()) Explain(Shown(name), &log);
    return StatsOf(log, read);
  }

  // The bytes are those of the file, with its wrapping.
  static ParserStats StatsOf(const InputLog& log, size_t read) {
    ParserStats stats = log.stats();
    stats.bytes = read;
    return stats;
  }

  static std::string Shown(const std::string& name) {
    return name == "-" ? "standard input" : Printable(name, 1024);
  }

  void Explain(const std::string& shown, InputLog* log) {
    const ParserStats stats = log->stats();
    const std::unique_ptr<LogDiagnosis> diagnosis = log->TakeDiagnosis();
    const uint64_t progress = stats.events[static_cast<size_t>(EventKind::kProgress)];
    const bool has_words = stats.not_progress > 0;
    if (stats.total() == 0) {
      Complain(shown + ": no event found: " + diagnosis->WhyNoEvents(has_words));
    } else if (progress == 0 && (diagnosis->IsWrapped() || has_words)) {
      Complain(shown + ": no progress event found: " + diagnosis->WhyNoEvents(has_words));
    } else if (progress == 0 && diagnosis->InfoIsOff()) {
      Complain(shown + ": no progress event found: " + LogDiagnosis::HowToTurnInfoOn());
    }
    if (log->foreign_lines() > 0) {
      Complain(shown + ": skipped " + std::to_string(log->foreign_lines()) +
               " of its lines: they are not wrapped by " + std::string(log->wrapping_name()) +
               ", as the first one is.");
    }
  }

  void Flush(InputLog* log) {
    for (ContentStream& stream : log->streams()) {
      const std::string_view text = stream.events().bytes.view();
      if (!output_.ok() || text.empty()) continue;
      output_ = to_terminal_ ? WriteAll(os_, STDOUT_FILENO, EscapeControls(text))
                             : WriteAll(os_, STDOUT_FILENO, text);
      stream.events().Clear();
    }
  }

  void Fail(const std::string& name, const absl::Status& status) {
    failed_ = true;
    Complain(Shown(name) + ": cannot read it: " + std::string(status.message()));
  }

  void Complain(const std::string& text) { Say("sparktail: " + text + "\n"); }

  void Say(std::string_view text) { WriteAll(os_, STDERR_FILENO, text).IgnoreError(); }

  const ParseCommand& command_;
  Os* os_;
  ContentShare share_;
  ParserStats stats_;
  absl::Status output_;
  bool failed_ = false;
  const bool to_terminal_ = ::isatty(STDOUT_FILENO) == 1;
};

// ------------------------------------------------------------ the command line

constexpr size_t kLeastEventBytes = 1024;
constexpr size_t kMostEventBytes = size_t{1} << 30;

// ReadKinds, ReadZone and ReadEventBytes return an error text, which is empty if the value is good.
std::string ReadKinds(const std::string& names, EventKinds* kinds) {
  static constexpr char kKnown[] = "known kinds: progress, query, signal";
  if (names.empty()) return absl::StrCat("the kind is missing; ", kKnown);
  *kinds = EventKinds::None();
  const auto* const end = kEventKindNames.begin() + kLogEventKinds;
  std::istringstream list(names);
  for (std::string name; std::getline(list, name, ',');) {
    const auto* found = std::find(kEventKindNames.begin(), end, name);
    if (found == end) return "unknown kind '" + Printable(name, 64) + "'; " + kKnown;
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

}  // namespace

Finish<ParseCommand> AddParse(CLI::App* app) {
  const auto command = std::make_shared<ParseCommand>();
  CommandOptions options(app, "parse", "Read log text, write one JSON document a line", kExamples);
  options.AddTexts("FILE", "TEXT", &command->files,
                   "Logs to read; - is standard input (the default)");
  ParserOptions* parser = &command->parser;
  options.AddTaken("--only", "KIND[,KIND]",
                   "Write only events of these kinds: progress, query, signal",
                   [parser](const std::string& v) { return ReadKinds(v, &parser->kinds); });
  options.AddText("--app-id", "ID", &command->identity.app_id,
                  "Application id; overrides the log's");
  options.AddText("--app-name", "NAME", &command->identity.app_name,
                  "Application name; overrides the log's");
  options.AddText("--environment", "NAME", &command->environment,
                  "Value of `environment` in documents");
  options.AddTaken(
      "--timezone", "ZONE",
      "Time zone of header stamps without a zone, such as Europe/Madrid (default UTC). Progress "
      "events have UTC times in any case",
      [parser](const std::string& v) { return ReadZone(v, &parser->zone); });
  options.AddTaken(
      "--max-event-bytes", "SIZE", "Give up or cut longer records (default 16MiB)",
      [parser](const std::string& v) { return ReadEventBytes(v, &parser->max_event_bytes); });
  options.AddFlag("--stats", &command->stats, "Report on stderr what was read, found and skipped");
  return [command](const Surroundings&) {
    if (command->files.empty()) command->files.emplace_back("-");
    command->parser.count_records = command->stats;
    return std::move(*command);
  };
}

ExitCode RunParse(const ParseCommand& command, Os* os) { return Parse(command, os).Run(); }

}  // namespace sparktail
