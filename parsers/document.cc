#include "parsers/document.h"

#include <charconv>
#include <optional>
#include <system_error>
#include <utility>

#include "ingest/base/utf8.h"
#include "parsers/json_text.h"
#include "parsers/json_writer.h"
#include "parsers/timestamp.h"

namespace sparktail {
namespace {

void AddLog(const Header& header, JsonWriter* members) {
  members->Open("log");
  members->KnownText("level", header.level);
  members->KnownText("logger", header.logger);
  members->KnownText("thread", header.thread);
  members->Close();
}

void AddQuery(const QueryFacts& query, JsonWriter* members) {
  members->Open("query");
  members->KnownText("phase", query.phase);
  members->KnownText("id", query.ids.id);
  members->KnownText("runId", query.ids.run_id);
  members->KnownText("name", query.ids.name);
  members->KnownText("checkpoint", query.checkpoint);
  members->KnownRaw("batchId", query.batch_id);
  members->KnownText("attribution", query.ids.known() ? "query" : "app");
  members->Close();
}

void AddError(const QueryFacts& query, JsonWriter* members) {
  if (!query.has_error) return;
  members->Open("error");
  members->KnownText("class", query.error.error_class);
  members->KnownText("message", query.error.message);
  members->KnownText("stack", query.error.stack);
  if (query.truncated) members->Boolean("truncated", true);
  members->Close();
}

void AddDerived(const Derived& derived, JsonWriter* members) {
  members->Open("derived");
  members->KnownInteger("stateRows", derived.state_rows);
  members->KnownInteger("stateBytes", derived.state_bytes);
  members->KnownInteger("watermarkDelayMs", derived.watermark_delay_ms);
  members->KnownInteger("lagRows", derived.lag_rows);
  if (derived.lag_rows) members->KnownText("lagBasis", "progress");
  members->Close();
}

// Ends the document that Begin() began.
void End(EventRef event, EventBuffer* out) {
  out->bytes.Append('}');
  event.end = out->bytes.size();
  out->events.push_back(event);
  out->bytes.Append('\n');
}

// Facts that the source or the configuration proves override the log.
std::string_view Prefer(const std::string& fact, const std::string& from_log) {
  return fact.empty() ? from_log : fact;
}

// As documents have the text.
std::string Valid(std::string_view text) { return ValidUtf8(text, std::string_view::npos); }

std::optional<int64_t> ToInteger(std::string_view text) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

}  // namespace

DocumentWriter::DocumentWriter(const StreamFacts& facts, bool hand_on_numbers)
    : environment_(facts.environment), proven_(facts.identity) {
  if (hand_on_numbers) {
    EventOrigin origin;
    origin.environment = Valid(facts.environment);
    origin.source_name = Valid(facts.source_name);
    origin.source_path = Valid(facts.path);
    origin_ = std::make_shared<const EventOrigin>(std::move(origin));
  }
  ByteBuffer text;
  JsonWriter before = JsonWriter::Continue(&text);
  before.Open("source");
  before.KnownText("name", facts.source_name);
  before.KnownText("path", facts.path);
  source_size_ = text.size();
  before.Raw("offset", "");
  before_offset_ = text.view();

  text.Clear();
  JsonWriter after = JsonWriter::Continue(&text);
  after.KnownText("host", facts.host);
  after.KnownText("namespace", facts.kubernetes_namespace);
  after.KnownText("pod", facts.pod);
  after.KnownText("container", facts.container);
  after_offset_ = text.view();
  valid_source_ = before.valid_utf8() && after.valid_utf8();
  SetIdentity(Identity());
}

void DocumentWriter::SetIdentity(const Identity& from_log) {
  ByteBuffer text;
  JsonWriter before = JsonWriter::Continue(&text);
  before.KnownText("environment", environment_);
  before.KnownText("appName", Prefer(proven_.app_name, from_log.app_name));
  before.KnownText("appId", Prefer(proven_.app_id, from_log.app_id));
  before.KnownRaw("attempt", Prefer(proven_.attempt, from_log.attempt));
  before.KnownText("containerId", Prefer(proven_.container_id, from_log.container_id));
  before.KnownText("deployMode", Prefer(proven_.deploy_mode, from_log.deploy_mode));
  before_running_ = text.view();

  text.Clear();
  JsonWriter after = JsonWriter::Continue(&text);
  after.KnownText("sparkVersion", Prefer(proven_.spark_version, from_log.spark_version));
  after_running_ = text.view();
  valid_identity_ = before.valid_utf8() && after.valid_utf8();
  if (origin_ == nullptr) return;
  EventOrigin origin = *origin_;
  origin.app_name = Valid(Prefer(proven_.app_name, from_log.app_name));
  origin.app_id = Valid(Prefer(proven_.app_id, from_log.app_id));
  origin.attempt = ToInteger(Prefer(proven_.attempt, from_log.attempt));
  origin.spark_version = Valid(Prefer(proven_.spark_version, from_log.spark_version));
  origin_ = std::make_shared<const EventOrigin>(std::move(origin));
}

// Appends everything before the body. The caller appends the body and calls End().
EventRef DocumentWriter::Begin(EventKind kind, const EventId& id, std::string_view timestamp,
                               bool running, bool valid_utf8, uint64_t offset,
                               ByteBuffer* bytes) const {
  EventRef event{kind, id, bytes->size(), bytes->size()};
  event.offset = offset;
  JsonWriter head(bytes);
  head.Open();
  head.KnownText("@timestamp", timestamp);
  head.Text("kind", Name(kind));
  head.Text("id", View(id));
  bytes->Append(before_running_);
  bytes->Append(running ? ",\"running\":true" : ",\"running\":false");
  bytes->Append(after_running_);
  if (static_cast<size_t>(kind) < kLogEventKinds) {
    bytes->Append(before_offset_);
    AppendCount(offset, bytes);
  } else {
    bytes->Append(std::string_view(before_offset_).substr(0, source_size_));
  }
  bytes->Append(after_offset_);
  if (!valid_utf8 || !valid_source_ || !valid_identity_) {
    bytes->Append(",\"invalidUtf8\":true");
  }
  bytes->Append('}');
  return event;
}

void DocumentWriter::WriteProgress(const EventId& id, const Progress& progress, uint64_t offset,
                                   EventBuffer* out) {
  EventRef event = Begin(EventKind::kProgress, id, progress.timestamp, /*running=*/true,
                         !progress.invalid_utf8, offset, &out->bytes);
  event.time_ms = progress.timestamp_ms;
  JsonWriter members = JsonWriter::Continue(&out->bytes);
  members.KnownRaw("metrics", progress.metrics);
  AddDerived(progress.derived, &members);
  if (origin_ != nullptr && progress.is_plain) {
    event.numbers = static_cast<uint32_t>(out->numbers.size());
    out->numbers.emplace_back(progress, origin_);
  }
  End(event, out);
}

void DocumentWriter::WriteQuery(const EventId& id, std::string_view timestamp,
                                const QueryFacts& query, const Header& header, uint64_t offset,
                                EventBuffer* out) {
  ByteBuffer body;
  JsonWriter members = JsonWriter::Continue(&body);
  AddQuery(query, &members);
  AddError(query, &members);
  AddLog(header, &members);
  const bool running = query.phase != "stopped" && query.phase != "terminated";
  Write({EventKind::kQuery, id, timestamp, running, members.valid_utf8(), body.view()}, offset,
        out);
}

void DocumentWriter::WriteSignal(const EventId& id, std::string_view timestamp,
                                 const SignalFacts& signal, const Header& header, uint64_t offset,
                                 EventBuffer* out) {
  ByteBuffer body;
  JsonWriter members = JsonWriter::Continue(&body);
  members.KnownText("rule", signal.rule);
  members.KnownText("severity", signal.severity);
  members.KnownText("message", signal.message);
  members.KnownRaw("fields", signal.fields);
  AddLog(header, &members);
  Write({EventKind::kSignal, id, timestamp, /*running=*/true, members.valid_utf8(), body.view()},
        offset, out);
}

void DocumentWriter::Write(const EventBody& body, uint64_t offset, EventBuffer* out) const {
  EventRef event =
      Begin(body.kind, body.id, body.timestamp, body.running, body.valid_utf8, offset, &out->bytes);
  event.time_ms = ParseUtcMillis(body.timestamp).value_or(kNoTime);
  out->bytes.Append(body.members);
  End(event, out);
}

}  // namespace sparktail
