#include "parsers/event_maker.h"

#include <optional>
#include <string>
#include <utility>

#include "parsers/json_text.h"
#include "parsers/query_event.h"

namespace sparktail {
namespace {

constexpr std::string_view kStoppedEnd = " was stopped";
constexpr std::string_view kTerminatedEnd = " terminated with error";

// Of any one text that the context keeps.
constexpr size_t kMaxLearnt = 1024;

std::string_view After(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : std::string_view();
}

std::string_view FirstWord(std::string_view text) { return text.substr(0, text.find(' ')); }

// `text` with "\n" in place of each "\r\n".
std::string WithoutReturns(std::string_view text) {
  std::string unix_text;
  unix_text.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool line_end = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (!line_end) unix_text += text[i];
  }
  return unix_text;
}

// The batch that a query resumes at; empty if the message is another.
std::string_view ResumedBatch(std::string_view message) {
  for (const std::string_view lead :
       {"Resuming at batch ", "Resuming streaming query, starting with batch "}) {
    if (message.starts_with(lead)) {
      return ParseBatchId(message.substr(lead.size())).value_or(std::string_view());
    }
  }
  return {};
}

struct AttemptId {
  std::string app_id;
  std::string attempt;
};

// appattempt_1795275091581_0001_000001 (org.apache.hadoop.yarn.api.records.ApplicationAttemptId).
// It differs from a container's id only in its name and in having no last number.
std::optional<AttemptId> ParseAttemptId(std::string_view text) {
  static constexpr std::string_view kName = "appattempt_";
  if (!text.starts_with(kName)) return std::nullopt;
  std::string container("container_");
  container.append(FirstWord(text.substr(kName.size()))).append("_1");
  std::optional<ContainerParts> parts = ParseContainerId(container);
  if (!parts) return std::nullopt;
  return AttemptId{std::move(parts->app_id), std::move(parts->attempt)};
}

}  // namespace

struct EventMaker::Message {
  Header header;
  std::string_view text;
};

EventMaker::EventMaker(const ParserOptions& options, StreamFacts facts, ParserContext context)
    : options_(options), facts_(std::move(facts)), context_(std::move(context)), writer_(facts_) {
  writer_.SetIdentity(context_.identity);
}

bool EventMaker::Accepts(Marker marker, std::string_view line) const {
  const std::optional<Header> header = ParseHeader(line);
  if (!header) return false;
  const std::string_view message = line.substr(header->message);
  switch (marker) {
    case Marker::kStarting:
      return ParseQueryStart(message).has_value();
    case Marker::kStopped:
      return ParseQueryEnd(message, kStoppedEnd).has_value();
    case Marker::kTerminated:
      return ParseQueryEnd(message, kTerminatedEnd).has_value();
    case Marker::kResuming:
      return !ResumedBatch(message).empty();
    case Marker::kBanner:
      // Executors print the same words since 4.0, in local mode into the same log.
      return ShortLogger(header->logger) == "SparkContext";
    default:
      return true;
  }
}

void EventMaker::Make(Marker marker, const RecordText& record, EventBuffer* out) {
  Message message{ParseHeader(record.line).value_or(Header()), {}};
  message.text = record.line.substr(message.header.message);
  LearnContainer(message.header.prefix);

  std::string unix_rest;
  std::string_view rest = record.rest;
  if (rest.find('\r') != std::string_view::npos) {
    unix_rest = WithoutReturns(rest);
    rest = unix_rest;
  }
  QueryFacts query;
  bool ids_in_record = true;
  switch (marker) {
    case Marker::kStarting: {
      const QueryStart start = ParseQueryStart(message.text).value_or(QueryStart());
      query.phase = "started";
      query.ids = start.ids;
      query.checkpoint = start.checkpoint;
      LearnRun(query.ids);
      return MakeQuery(record, message, query, ids_in_record, out);
    }
    case Marker::kStopped:
      query.phase = "stopped";
      query.ids = ParseQueryEnd(message.text, kStoppedEnd).value_or(QueryIds());
      // Spark logs a stop even of a query that has ended before.
      if (!context_.runs.End(query.ids.id, query.ids.run_id)) return;
      return MakeQuery(record, message, query, ids_in_record, out);
    case Marker::kTerminated:
      query.phase = "terminated";
      query.ids = ParseQueryEnd(message.text, kTerminatedEnd).value_or(QueryIds());
      query.has_error = true;
      query.error = ParseErrorText(rest);
      query.truncated = record.truncated;
      context_.runs.End(query.ids.id, query.ids.run_id);
      return MakeQuery(record, message, query, ids_in_record, out);
    case Marker::kIdle:
      query = WithThreadOrOnlyQuery("idle", message.header, &ids_in_record);
      // Many idle lines belong to one run: its ids alone do not tell them apart.
      return MakeQuery(record, message, query, /*ids_in_record=*/false, out);
    case Marker::kResuming:
      query = WithThreadOrOnlyQuery("resumed", message.header, &ids_in_record);
      query.batch_id = ResumedBatch(message.text);
      return MakeQuery(record, message, query, ids_in_record, out);
    default:
      return LearnIdentity(marker, message);
  }
}

QueryFacts EventMaker::WithThreadOrOnlyQuery(std::string_view phase, const Header& header,
                                             bool* ids_in_record) const {
  QueryFacts query;
  query.phase = phase;
  query.ids = ParseStreamThread(header.thread);
  *ids_in_record = query.ids.known();
  if (*ids_in_record) return query;
  if (const QueryRun* run = context_.runs.OnlyAlive()) {
    query.ids = {run->id, run->run_id, run->name};
  }
  return query;
}

void EventMaker::LearnRun(const QueryIds& ids) {
  // A longer name would be cut, and so be another query's.
  const std::string_view name =
      ids.name.size() <= QueryRuns::kMaxName ? ids.name : std::string_view();
  context_.runs.SeeAlive(ids.id, ids.run_id, ValidUtf8(name, QueryRuns::kMaxName));
}

void EventMaker::LearnContainer(std::string_view prefix) {
  const std::string_view container = FindContainerId(prefix);
  if (container.empty() || container == context_.identity.container_id) return;
  const std::optional<ContainerParts> parts = ParseContainerId(container);
  context_.identity.container_id = container;
  context_.identity.app_id = parts->app_id;
  context_.identity.attempt = parts->attempt;
  writer_.SetIdentity(context_.identity);
}

void EventMaker::LearnIdentity(Marker marker, const Message& message) {
  Identity& identity = context_.identity;
  switch (marker) {
    case Marker::kAttempt:
      // The first lines of an application master's JVM: whoever logged before is gone.
      if (const auto id = ParseAttemptId(After(message.text, "ApplicationAttemptId: "))) {
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
      const bool same_container = !FindContainerId(message.header.prefix).empty();
      if (context_.awaits_banner || same_container) {
        fresh.app_id = identity.app_id;
        fresh.attempt = identity.attempt;
        fresh.container_id = identity.container_id;
      }
      if (context_.awaits_banner) fresh.deploy_mode = identity.deploy_mode;
      fresh.spark_version =
          ValidUtf8(FirstWord(After(message.text, "Running Spark version ")), kMaxLearnt);
      identity = fresh;
      context_.awaits_banner = false;
      context_.runs.Begin();
      break;
    }
    case Marker::kAppName:
      identity.app_name = ValidUtf8(After(message.text, "Submitted application: "), kMaxLearnt);
      break;
    case Marker::kClusterMode:
      identity.deploy_mode = "cluster";
      break;
    case Marker::kYarnClient: {
      // spark-submit logs this too; the driver is in the same process if its banner was seen.
      const std::string_view id = LeadingAppId(After(message.text, "Submitted application "));
      if (identity.spark_version.empty() || id.empty()) break;
      identity.app_id = id;
      identity.deploy_mode = "client";
      break;
    }
    case Marker::kStandaloneApp:
    case Marker::kEventLog: {
      const std::string_view id =
          marker == Marker::kEventLog
              ? AppIdOfEventLog(FirstWord(After(message.text, "Logging events to ")))
              : LeadingAppId(After(message.text, "Connected to Spark cluster with app ID "));
      if (identity.app_id.empty() && !id.empty()) identity.app_id = id;
      break;
    }
    default:
      break;
  }
  writer_.SetIdentity(identity);
}

std::string_view EventMaker::stream() const {
  return facts_.stream.empty() ? context_.first_line_hash : facts_.stream;
}

bool EventMaker::Counts(EventKind kind) {
  ++stats_.events[static_cast<size_t>(kind)];
  return options_.kinds.Has(kind);
}

void EventMaker::MakeQuery(const RecordText& record, const Message& message,
                           const QueryFacts& query, bool ids_in_record, EventBuffer* out) {
  if (!Counts(EventKind::kQuery)) return;
  const EventId id = ids_in_record
                         ? MakeEventId({"query", query.phase, query.ids.id, query.ids.run_id})
                         : MakeEventId({"query", query.phase, stream(),
                                        std::to_string(record.offset), record.line, "0"});
  writer_.WriteQuery(id, ToUtc(message.header.stamp, options_.zone), query, message.header,
                     record.offset, out);
}

ProgressCode EventMaker::MakeProgress(const RecordText& record, PaddedView json, EventBuffer* out) {
  Progress progress;
  const ProgressCode code = reader_.Read(json, &progress);
  if (code != ProgressCode::kProgress) return code;
  if (const std::optional<Header> header = ParseHeader(record.line)) {
    LearnContainer(header->prefix);
  }
  if (!context_.runs.Knows(progress.run_id)) {
    const std::string name = UnescapeJson(progress.name);
    LearnRun({progress.id, progress.run_id, name});
  }
  if (!Counts(EventKind::kProgress)) return code;
  const EventId id = MakeEventId(
      {"progress", progress.id, progress.run_id, progress.batch_id, progress.timestamp});
  writer_.WriteProgress(id, progress, record.offset, out);
  return code;
}

void EventMaker::MakeIncomplete(const RecordText& record, std::string_view reason, uint64_t bytes,
                                EventBuffer* out) {
  const Header header = ParseHeader(record.line).value_or(Header());
  LearnContainer(header.prefix);
  if (!Counts(EventKind::kSignal)) return;
  static constexpr std::string_view kRule = "progress_incomplete";
  const EventId id =
      MakeEventId({"signal", kRule, stream(), std::to_string(record.offset), record.line, "0"});
  const std::string fields =
      "{\"reason\":\"" + std::string(reason) + "\",\"bytes\":" + std::to_string(bytes) + "}";
  writer_.WriteSignal(id, ToUtc(header.stamp, options_.zone),
                      {kRule, "warning",
                       "A progress event in the log could not be read; the batch it tells of is "
                       "missing here.",
                       fields},
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
  restored += other.restored;
}

}  // namespace sparktail
