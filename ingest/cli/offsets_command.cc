#include "ingest/cli/offsets_command.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/time/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "ingest/base/log.h"
#include "ingest/base/nearest.h"
#include "ingest/base/options.h"
#include "ingest/base/printable.h"
#include "ingest/cli/all_cursors.h"
#include "ingest/cli/config_file.h"
#include "ingest/cli/error_log.h"
#include "ingest/streams/source_kind.h"
#include "parsers/byte_buffer.h"
#include "parsers/json_text.h"
#include "parsers/json_writer.h"
#include "parsers/parser_context.h"

namespace sparktail {
namespace {

using Entry = AllCursors::Entry;

constexpr char kExamples[] = R"(
Examples:
  sparktail offsets list -c sparktail.yaml         where each sink is in each stream
  sparktail offsets set STREAM beginning           deliver the stream again (no process may run)
  sparktail offsets forget STREAM                  as if the stream had never been seen
  sparktail offsets forget --all -c sparktail.yaml all streams, all sinks: start at start_at
  sparktail offsets forget --all --sink search     all streams, one sink
)";

constexpr size_t kMostShown = 4096;  // bytes of one name

std::string Shown(std::string_view text) { return Printable(text, kMostShown); }

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

// One run of the command.
class Offsets {
 public:
  Offsets(const OffsetsCommand& command, Os* os)
      : command_(command),
        os_(os),
        log_(os),
        cursors_(os, &log_, command.state_dir, command.instance, command.sinks, command.sink) {}

  ExitCode Run() {
    switch (command_.action) {
      case OffsetsCommand::Action::kList:
        return List();
      case OffsetsCommand::Action::kSet:
        return Set();
      case OffsetsCommand::Action::kForget:
        return Forget();
    }
    return ExitCode::kFailed;
  }

 private:
  // ------------------------------------------------------------ list

  ExitCode List() {
    const std::optional<std::vector<Entry>> entries = Named(cursors_.Look());
    if (!entries) return ExitCode::kFailed;
    return Print(command_.json ? AsJson(*entries) : AsTable(*entries));
  }

  std::string AsTable(const std::vector<Entry>& entries) const {
    using Row = std::array<std::string, 6>;
    std::vector<Row> rows = {{"SINK", "STREAM", "OFFSET", "BEHIND", "UPDATED", "ENDED"}};
    for (const Entry& entry : entries) {
      const Cursor& cursor = entry.cursor.cursor;
      const std::optional<uint64_t> lag = Summary(cursor).lag_bytes;
      rows.push_back({Shown(entry.sink), Shown(entry.cursor.stream.text()),
                      std::to_string(cursor.order), lag ? std::to_string(*lag) : "-",
                      TimeText(entry.updated), cursor.ended ? "yes" : "no"});
    }
    Row::size_type column = 0;
    std::array<size_t, 6> widths{};
    for (const Row& row : rows) {
      for (column = 0; column < row.size(); ++column) {
        widths[column] = std::max(widths[column], row[column].size());
      }
    }
    std::string text;
    for (const Row& row : rows) {
      for (column = 0; column + 1 < row.size(); ++column) {
        text += row[column];
        text.append(widths[column] - row[column].size() + 2, ' ');
      }
      absl::StrAppend(&text, row.back(), "\n");
    }
    return text + Counts(entries) + "\n";
  }

  // "3 cursors in …/offsets.db, 1 cursor in …/history.db".
  std::string Counts(const std::vector<Entry>& entries) const {
    std::vector<std::string> counts;
    for (const std::string& file : cursors_.files()) {
      const auto count = std::count_if(entries.begin(), entries.end(),
                                       [&](const Entry& entry) { return entry.file == file; });
      if (count == 0 && (!entries.empty() || !counts.empty())) continue;
      counts.push_back(
          absl::StrCat(count, count == 1 ? " cursor in " : " cursors in ", Shown(file)));
    }
    return absl::StrJoin(counts, ", ");
  }

  std::string AsJson(const std::vector<Entry>& entries) const {
    ByteBuffer out;
    for (const Entry& entry : entries) {
      const Cursor& cursor = entry.cursor.cursor;
      JsonWriter json(&out);
      json.Open();
      json.Text("sink", entry.sink);
      json.Text("stream", entry.cursor.stream.text());
      json.Count("offset", cursor.order);
      WriteSummary(Summary(cursor), &json);
      json.Text("updated", TimeText(entry.updated));
      json.Boolean("ended", cursor.ended);
      json.Text("store", entry.file);
      json.Close();
      out.Append('\n');
    }
    return EscapeControls(out.view());
  }

  PositionSummary Summary(const Cursor& cursor) const {
    const SourceKind* kind = KindOfPosition(cursor.position, command_.source_kinds);
    const bool can = kind != nullptr && kind->summarize != nullptr;
    return can ? kind->summarize(cursor.position, os_) : PositionSummary();
  }

  static void WriteSummary(const PositionSummary& position, JsonWriter* json) {
    if (position.lag_bytes) json->Count("behind", *position.lag_bytes);
    if (position.seek) json->Count("seek", *position.seek);
    json->KnownText("path", position.path);
  }

  // ------------------------------------------------------------ set

  ExitCode Set() {
    std::optional<std::vector<Entry>> entries = ToChange();
    if (!entries) return ExitCode::kFailed;
    for (Entry& entry : *entries) {
      if (!Move(&entry)) return ExitCode::kFailed;
    }
    if (const absl::Status stored = cursors_.Store(*entries); !stored.ok()) {
      return Fail(stored.message());
    }
    if (command_.json) return Print(AsJson(*entries));
    std::string text;
    for (const Entry& entry : *entries) {
      absl::StrAppend(&text, "sink ", Shown(entry.sink), " resumes at ", entry.cursor.cursor.order,
                      " in ", Shown(entry.cursor.stream.text()), "\n");
    }
    return Print(text);
  }

  // Moves a cursor to the offset that the command names. Returns false if that can't be, and
  // reports why.
  bool Move(Entry* entry) {
    Cursor& cursor = entry->cursor.cursor;
    const SourceKind* kind = KindOfPosition(cursor.position, command_.source_kinds);
    const bool can = kind != nullptr && kind->move != nullptr;
    const absl::Status moved =
        can ? kind->move(command_.offset, os_, &cursor)
            : absl::FailedPreconditionError(
                  "is no log that can be read again from an offset, or its position can't be read; "
                  "`sparktail offsets forget` drops the cursor");
    if (!moved.ok()) {
      Fail(absl::StrCat("sink ", entry->sink, ": ", entry->cursor.stream.text(), " ",
                        moved.message()));
      return false;
    }
    cursor.order = command_.offset;
    cursor.ended = false;
    if (command_.offset == 0) {
      cursor.context = std::make_shared<const std::string>(ParserContext().ToJson());
    }
    entry->updated = os_->Now();
    return true;
  }

  // ------------------------------------------------------------ forget

  ExitCode Forget() {
    const std::optional<std::vector<Entry>> entries = ToChange();
    if (!entries) return ExitCode::kFailed;
    const absl::Status forgotten = cursors_.Forget(command_.stream);
    if (!forgotten.ok()) return Fail(forgotten.message());
    if (command_.json) return Print(absl::StrCat("{\"forgotten\":", entries->size(), "}\n"));
    return Print("forgot " + Counts(*entries) + "\n");
  }

  // ------------------------------------------------------------ both

  // Returns the cursors to change. Returns nothing, and reports why, if there are none or they
  // can't be changed.
  std::optional<std::vector<Entry>> ToChange() {
    // A store that does not exist must not be created just to stay empty.
    if (const absl::Status status = cursors_.Look().status(); !status.ok()) {
      Fail(status.message());
      return std::nullopt;
    }
    const absl::StatusOr<std::vector<Entry>> all = cursors_.Own();
    if (all.ok() && command_.sinks.empty()) {
      Report(
          "sinks of kind sqlite keep their cursors themselves and ignore this change; give -c "
          "FILE to change theirs");
    }
    return Named(all);
  }

  // Returns the cursors that the command names. If there are none, reports that and returns
  // nothing.
  std::optional<std::vector<Entry>> Named(const absl::StatusOr<std::vector<Entry>>& all) {
    if (!all.ok()) {
      Fail(all.status().message());
      return std::nullopt;
    }
    std::vector<Entry> named;
    for (const Entry& entry : *all) {
      const bool is_sink = command_.sink.empty() || entry.sink == command_.sink;
      const bool is_stream =
          command_.stream.empty() || entry.cursor.stream.text() == command_.stream;
      if (is_sink && is_stream) named.push_back(entry);
    }
    const bool names_one = !command_.sink.empty() || !command_.stream.empty();
    if (!named.empty() || !names_one) return named;
    ReportMissing(*all);
    return std::nullopt;
  }

  void ReportMissing(const std::vector<Entry>& all) {
    std::vector<std::string> sinks;
    std::vector<std::string> streams;
    for (const Entry& entry : all) {
      sinks.push_back(entry.sink);
      streams.push_back(entry.cursor.stream.text());
    }
    const auto is_known = [](const std::string& name, const std::vector<std::string>& names) {
      return name.empty() || std::find(names.begin(), names.end(), name) != names.end();
    };
    const std::vector<std::string>& files = cursors_.files();
    std::string message = absl::StrCat(absl::StrJoin(files, " and "),
                                       files.size() == 1 ? " has no cursor" : " have no cursor");
    if (!command_.sink.empty()) absl::StrAppend(&message, " of sink ", command_.sink);
    if (!command_.stream.empty()) absl::StrAppend(&message, " in stream ", command_.stream);
    std::string nearest;
    if (!is_known(command_.stream, streams)) nearest = Nearest(command_.stream, streams);
    if (!is_known(command_.sink, sinks)) nearest = Nearest(command_.sink, sinks);
    if (!nearest.empty()) absl::StrAppend(&message, "; did you mean ", nearest, "?");
    Fail(message);
  }

  ExitCode Print(std::string_view text) {
    const absl::Status written = WriteAll(os_, STDOUT_FILENO, text);
    if (written.ok() || absl::IsCancelled(written)) return ExitCode::kOk;
    return Fail(absl::StrCat("cannot write to standard output: ", written.message()));
  }

  ExitCode Fail(absl::string_view message) {
    Report({message.data(), message.size()});
    return ExitCode::kFailed;
  }

  void Report(std::string_view message) { log_.Error("offsets", message); }

  const OffsetsCommand& command_;
  Os* os_;
  ErrorLog log_;
  AllCursors cursors_;
};

// ------------------------------------------------------------ the command line

struct OffsetsArguments {
  std::string file;
  std::string state_dir;
  std::vector<std::string> words;
  bool all = false;
  OffsetsCommand command;
};

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

AnswerOr<OffsetsCommand> FinishOffsets(OffsetsArguments arguments,
                                       const Surroundings& surroundings) {
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
    if (!configuration.ok()) return WrongUsage(configuration.status().message());
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

}  // namespace

Finish<OffsetsCommand> AddOffsets(CLI::App* app) {
  const auto arguments = std::make_shared<OffsetsArguments>();
  CommandOptions options(app, "offsets", "List, move or drop cursors", kExamples);
  options.AddTexts("ACTION", "", &arguments->words, "list|set|forget [STREAM [OFFSET|beginning]]");
  options.AddConfig(&arguments->file);
  options.AddText("--state-dir", "DIR", &arguments->state_dir,
                  "Directory of offsets.db, instead of -c");
  options.AddText("--sink", "NAME", &arguments->command.sink, "Only cursors of this sink");
  options.AddFlag("--all", &arguments->all,
                  "forget: drop cursors in all streams, instead of STREAM");
  options.AddFlag("--json", &arguments->command.json,
                  "Print one JSON object per cursor; forget: one object with their number");
  return [arguments](const Surroundings& surroundings) {
    return FinishOffsets(std::move(*arguments), surroundings);
  };
}

ExitCode RunOffsets(const OffsetsCommand& command, Os* os) { return Offsets(command, os).Run(); }

}  // namespace sparktail
