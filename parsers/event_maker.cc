#include "parsers/event_maker.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "ingest/base/utf8.h"
#include "parsers/byte_buffer.h"
#include "parsers/json_text.h"
#include "parsers/json_writer.h"
#include "parsers/query_event.h"

namespace sparktail {
namespace {

constexpr std::string_view kStoppedEnd = " was stopped";
constexpr std::string_view kTerminatedEnd = " terminated with error";

// The context keeps at most this many bytes of one text.
constexpr size_t kMaxLearnt = 1024;

// Returns `text` from `at` on. A line that is cut may end before `at`.
std::string_view From(std::string_view text, size_t at) {
  return text.substr(std::min(at, text.size()));
}

// The layout `%m %ex%n` prints a space after each message.
std::string_view TrimEnd(std::string_view text) {
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

// True if a layout prints this before the stamp: "[123] [container_e12_…] ".
bool IsBrackets(std::string_view prefix) {
  while (prefix.starts_with('[')) {
    const size_t close = prefix.find(']');
    if (close == std::string_view::npos) return false;
    prefix.remove_prefix(close + 1);
    while (prefix.starts_with(' ')) prefix.remove_prefix(1);
  }
  return prefix.empty();
}

std::string_view FirstWord(std::string_view text) { return text.substr(0, text.find(' ')); }

// True if "Resuming at batch 5 with committed offsets {…} and available offsets {…}" is complete.
bool EndsWithOffsets(std::string_view message) {
  return message.find(" and available offsets {") != std::string_view::npos &&
         std::count(message.begin(), message.end(), '{') ==
             std::count(message.begin(), message.end(), '}');
}

// Returns `text` with "\n" in place of each "\r\n".
std::string WithoutReturns(std::string_view text) {
  std::string unix_text;
  unix_text.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool line_end = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (!line_end) unix_text += text[i];
  }
  return unix_text;
}

struct AttemptId {
  std::string app_id;
  std::string attempt;
};

// `text` follows appattempt_ in an id such as appattempt_1795275091581_0001_000001
// (org.apache.hadoop.yarn.api.records.ApplicationAttemptId). A container's id has the same parts
// and one more number.
std::optional<AttemptId> ParseAttemptId(std::string_view text) {
  std::string container("container_");
  container.append(FirstWord(text)).append("_1");
  std::optional<ContainerParts> parts = ParseContainerId(container);
  if (!parts) return std::nullopt;
  return AttemptId{std::move(parts->app_id), std::move(parts->attempt)};
}

}  // namespace

// Parses the header from the text up to the marker's end, as LogParser did when it found the
// marker.
EventMaker::Line::Line(const RecordText& record)
    : header(ParseHeader(record.line.substr(0, record.marked)).value_or(Header())),
      message(TrimEnd(From(record.line, header.message))),
      after(TrimEnd(From(record.line, record.marked))) {}

EventMaker::EventMaker(const ParserOptions& options, const StreamFacts& facts,
                       ParserContext context, ParserScratch* scratch)
    : options_(options),
      proven_stream_(facts.stream),
      context_(std::move(context)),
      writer_(facts, options.hand_on_numbers),
      scratch_(scratch) {
  writer_.SetIdentity(context_.identity);
}

void EventMaker::SetFirstLineHash(std::string_view hex) {
  if (context_.first_line_hash == hex) return;
  context_.first_line_hash = hex;
  ++context_version_;
}

bool EventMaker::Accepts(Marker marker, const RecordText& record) const {
  const Line line(record);
  switch (marker) {
    case Marker::kStarting:
      return ParseQueryStart(line.message).has_value();
    case Marker::kStopped:
      return ParseQueryEnd(line.message, kStoppedEnd).has_value();
    case Marker::kTerminated:
      return ParseQueryEnd(line.message, kTerminatedEnd).has_value();
    case Marker::kResuming:
      return ParseBatchId(line.after).has_value();
    case Marker::kBanner:
      // Since Spark 4.0 executors print the same words, in local mode into the same log.
      return ShortLogger(line.header.logger) != "Executor";
    default:
      return true;
  }
}

bool EventMaker::IsWhole(Marker marker, const RecordText& record) const {
  if (!Accepts(marker, record)) return false;
  const std::string_view message = Line(record).message;
  switch (marker) {
    case Marker::kStarting:
    case Marker::kStopped:
    case Marker::kTerminated:
      return true;  // their words end the line
    case Marker::kIdle:
      return message.ends_with(" ms.");
    case Marker::kResuming:
      return EndsWithOffsets(message);
    default:
      return false;
  }
}

void EventMaker::NoteRejected(Marker marker) {
  if (marker == Marker::kProgress) ++stats_.not_progress;
  // It may be the start of a query whose name contains a line end.
  if (marker == Marker::kStarting && context_.runs.complete()) {
    context_.runs.MarkMissedStart();
    ++context_version_;
  }
}

std::optional<size_t> EventMaker::FindOwnBegin(const RecordText& record) const {
  const std::string_view prefix = Line(record).header.prefix;
  if (context_.begins_with_stamp) return prefix.size();
  if (IsBrackets(prefix)) return 0;
  return std::nullopt;
}

void EventMaker::Make(Marker marker, const RecordText& record, EventBuffer* out) {
  const Line line(record);
  LearnPrefix(line.header.prefix);
  switch (marker) {
    case Marker::kStarting:
      return MakeStart(record, line, out);
    case Marker::kStopped:
      return MakeStop(record, line, out);
    case Marker::kTerminated:
      return MakeTermination(record, line, out);
    case Marker::kIdle:
      // A run has many idle lines, so their ids cannot consist of the run's ids alone.
      return MakeQuery(record, line.header, AttributeQuery("idle", line.header),
                       /*ids_in_record=*/false, out);
    case Marker::kResuming: {
      QueryFacts query = AttributeQuery("resumed", line.header);
      query.batch_id = ParseBatchId(line.after).value_or(std::string_view());
      const bool ids_in_record = ParseStreamThread(line.header.thread).known();
      return MakeQuery(record, line.header, query, ids_in_record, out);
    }
    default:
      return LearnIdentity(marker, line);
  }
}

void EventMaker::MakeStart(const RecordText& record, const Line& line, EventBuffer* out) {
  const QueryStart start = ParseQueryStart(line.message).value_or(QueryStart());
  LearnRun(start.ids);
  QueryFacts query;
  query.phase = "started";
  query.ids = start.ids;
  query.checkpoint = start.checkpoint;
  MakeQuery(record, line.header, query, /*ids_in_record=*/true, out);
}

void EventMaker::MakeStop(const RecordText& record, const Line& line, EventBuffer* out) {
  QueryFacts query;
  query.phase = "stopped";
  query.ids = ParseQueryEnd(line.message, kStoppedEnd).value_or(QueryIds());
  // Spark also logs the stop of a query that has already ended.
  if (!LearnEnd(query.ids)) return;
  MakeQuery(record, line.header, query, /*ids_in_record=*/true, out);
}

void EventMaker::MakeTermination(const RecordText& record, const Line& line, EventBuffer* out) {
  const std::string unix_trace = WithoutReturns(record.rest);
  QueryFacts query;
  query.phase = "terminated";
  query.ids = ParseQueryEnd(line.message, kTerminatedEnd).value_or(QueryIds());
  query.has_error = true;
  query.error = ParseErrorText(unix_trace);
  query.truncated = record.truncated;
  LearnEnd(query.ids);
  MakeQuery(record, line.header, query, /*ids_in_record=*/true, out);
}

QueryFacts EventMaker::AttributeQuery(std::string_view phase, const Header& header) const {
  QueryFacts query;
  query.phase = phase;
  query.ids = ParseStreamThread(header.thread);
  if (query.ids.known()) return query;
  if (const QueryRun* run = context_.runs.FindOnlyAlive()) {
    query.ids = {run->id, run->run_id, run->name};
  }
  return query;
}

void EventMaker::LearnRun(const QueryIds& ids) {
  // A longer name would be cut to another query's name.
  const std::string_view name =
      ids.name.size() <= QueryRuns::kMaxName ? ids.name : std::string_view();
  context_.runs.MarkAlive(ids.id, ids.run_id, ValidUtf8(name, QueryRuns::kMaxName));
  ++context_version_;
}

// Returns false if the end was already known.
bool EventMaker::LearnEnd(const QueryIds& ids) {
  ++context_version_;
  return context_.runs.MarkEnded(ids.id, ids.run_id);
}

void EventMaker::LearnPrefix(std::string_view prefix) {
  if (prefix.empty() && !context_.begins_with_stamp) {
    context_.begins_with_stamp = true;
    ++context_version_;
  }
  const std::string_view container = FindContainerId(prefix);
  if (container.empty() || container == context_.identity.container_id) return;
  const std::optional<ContainerParts> parts = ParseContainerId(container);
  context_.identity.container_id = container;
  context_.identity.app_id = parts->app_id;
  context_.identity.attempt = parts->attempt;
  ++context_version_;
  writer_.SetIdentity(context_.identity);
}

void EventMaker::LearnIdentity(Marker marker, const Line& line) {
  Identity& identity = context_.identity;
  ++context_version_;
  switch (marker) {
    case Marker::kAttempt:
      // This is among the first lines of an application master's JVM, so the application that
      // logged before is gone.
      if (const auto id = ParseAttemptId(line.after)) {
        const std::string container = identity.container_id;
        identity = Identity();
        identity.app_id = id->app_id;
        identity.attempt = id->attempt;
        if (ParseContainerId(container).value_or(ContainerParts()).app_id == id->app_id) {
          identity.container_id = container;
        }
        context_.awaits_banner = true;
      }
      break;
    case Marker::kBanner: {
      Identity fresh;
      const bool same_container = !FindContainerId(line.header.prefix).empty();
      if (context_.awaits_banner || same_container) {
        fresh.app_id = identity.app_id;
        fresh.attempt = identity.attempt;
        fresh.container_id = identity.container_id;
      }
      if (context_.awaits_banner) fresh.deploy_mode = identity.deploy_mode;
      fresh.spark_version = ValidUtf8(FirstWord(line.after), kMaxLearnt);
      identity = fresh;
      context_.awaits_banner = false;
      context_.runs.Begin();
      break;
    }
    case Marker::kAppName:
      // Spark logs the name before any other code of the application can log.
      if (identity.app_name.empty()) identity.app_name = ValidUtf8(line.after, kMaxLearnt);
      break;
    case Marker::kClusterMode:
      identity.deploy_mode = "cluster";
      break;
    case Marker::kYarnClient: {
      // spark-submit logs this, too. If the banner was seen, the driver is in the same process.
      const std::string text = "application_" + std::string(FirstWord(line.after));
      const std::string_view id = LeadingAppId(text);
      if (identity.spark_version.empty() || id.empty()) break;
      if (identity.app_id != id) identity.attempt.clear();
      identity.app_id = id;
      identity.deploy_mode = "client";
      break;
    }
    case Marker::kStandaloneApp:
    case Marker::kEventLog: {
      const std::string_view id = marker == Marker::kEventLog
                                      ? AppIdOfEventLog(FirstWord(line.after))
                                      : LeadingAppId(line.after);
      if (identity.app_id.empty() && !id.empty()) identity.app_id = id;
      break;
    }
    default:
      break;
  }
  writer_.SetIdentity(identity);
}

std::string_view EventMaker::stream() const {
  return proven_stream_.empty() ? context_.first_line_hash : proven_stream_;
}

bool EventMaker::CountEvent(EventKind kind) {
  ++stats_.events[static_cast<size_t>(kind)];
  return options_.kinds.Has(kind);
}

void EventMaker::MakeQuery(const RecordText& record, const Header& header, const QueryFacts& query,
                           bool ids_in_record, EventBuffer* out) {
  if (!CountEvent(EventKind::kQuery)) return;
  const EventId id = ids_in_record
                         ? MakeEventId({"query", query.phase, query.ids.id, query.ids.run_id})
                         : MakeEventId({"query", query.phase, stream(),
                                        std::to_string(record.offset), record.line, "0"});
  writer_.WriteQuery(id, ToUtc(header.stamp, options_.zone), query, header, record.offset, out);
}

ProgressCode EventMaker::MakeProgress(const RecordText& record, PaddedView json, EventBuffer* out) {
  Progress progress;
  const ProgressCode code = scratch_->progress.Read(json, &progress);
  if (code != ProgressCode::kProgress) return code;
  LearnPrefix(Line(record).header.prefix);
  if (!context_.runs.IsKnown(progress.run_id)) {
    const std::string name = UnescapeJson(progress.name);
    LearnRun({progress.id, progress.run_id, name});
  }
  if (!CountEvent(EventKind::kProgress)) return code;
  const EventId id = MakeEventId(
      {"progress", progress.id, progress.run_id, progress.batch_id, progress.timestamp});
  writer_.WriteProgress(id, progress, record.offset, out);
  return code;
}

void EventMaker::MakeIncomplete(const RecordText& record, std::string_view reason, uint64_t bytes,
                                EventBuffer* out) {
  const Header header = Line(record).header;
  LearnPrefix(header.prefix);
  if (!CountEvent(EventKind::kSignal)) return;
  static constexpr std::string_view kRule = "progress_incomplete";
  const EventId id =
      MakeEventId({"signal", kRule, stream(), std::to_string(record.offset), record.line, "0"});
  ByteBuffer fields;
  JsonWriter json(&fields);
  json.Open();
  json.Text("reason", reason);
  json.Count("bytes", bytes);
  json.Close();
  writer_.WriteSignal(id, ToUtc(header.stamp, options_.zone),
                      {kRule, "warning",
                       "A progress event in the log could not be read; the batch it tells of is "
                       "missing here.",
                       fields.view()},
                      header, record.offset, out);
}

void ParserStats::Add(const ParserStats& other) {
  bytes += other.bytes;
  records += other.records;
  for (size_t i = 0; i < events.size(); ++i) events[i] += other.events[i];
  not_progress += other.not_progress;
  incomplete += other.incomplete;
  malformed += other.malformed;
  over_long += other.over_long;
  long_lines += other.long_lines;
  truncated += other.truncated;
  restored += other.restored;
  late_lines += other.late_lines;
}

}  // namespace sparktail
