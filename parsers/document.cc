#include "parsers/document.h"

#include <charconv>
#include <system_error>
#include <utility>

#include "ingest/base/utf8.h"
#include "parsers/json_text.h"
#include "parsers/timestamp.h"

namespace sparktail {
namespace {

void AppendInteger(int64_t value, ByteBuffer* out) {
  char* digits = out->Reserve(24);
  out->Advance(static_cast<size_t>(std::to_chars(digits, digits + 24, value).ptr - digits));
}

// Writes the members of an object. Members with an empty value are omitted.
class Members {
 public:
  // `first`: the next member is the object's first, and gets no comma.
  Members(ByteBuffer* out, bool first) : out_(out), first_(first) {}

  void Text(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    Key(key);
    valid_utf8_ &= AppendJsonString(value, out_);
  }
  // `json` is JSON already.
  void Raw(std::string_view key, std::string_view json) {
    if (json.empty()) return;
    Key(key);
    out_->Append(json);
  }
  void Integer(std::string_view key, std::optional<int64_t> value) {
    if (!value) return;
    Key(key);
    AppendInteger(*value, out_);
  }
  void Open(std::string_view key) {
    Key(key);
    out_->Append('{');
    first_ = true;
  }
  void Close() {
    out_->Append('}');
    first_ = false;
  }

  // False if a text held bytes that are not UTF-8.
  bool valid_utf8() const { return valid_utf8_; }

 private:
  void Key(std::string_view key) {
    out_->Append(first_ ? "\"" : ",\"");
    out_->Append(key);
    out_->Append("\":");
    first_ = false;
  }

  ByteBuffer* out_;
  bool first_;
  bool valid_utf8_ = true;
};

void AddLog(const Header& header, Members* members) {
  members->Open("log");
  members->Text("level", header.level);
  members->Text("logger", header.logger);
  members->Text("thread", header.thread);
  members->Close();
}

void AddQuery(const QueryFacts& query, Members* members) {
  members->Open("query");
  members->Text("phase", query.phase);
  members->Text("id", query.ids.id);
  members->Text("runId", query.ids.run_id);
  members->Text("name", query.ids.name);
  members->Text("checkpoint", query.checkpoint);
  members->Raw("batchId", query.batch_id);
  members->Text("attribution", query.ids.known() ? "query" : "app");
  members->Close();
}

void AddError(const QueryFacts& query, Members* members) {
  if (!query.has_error) return;
  members->Open("error");
  members->Text("class", query.error.error_class);
  members->Text("message", query.error.message);
  members->Text("stack", query.error.stack);
  if (query.truncated) members->Raw("truncated", "true");
  members->Close();
}

void AddDerived(const Derived& derived, Members* members) {
  members->Open("derived");
  members->Integer("stateRows", derived.state_rows);
  members->Integer("stateBytes", derived.state_bytes);
  members->Integer("watermarkDelayMs", derived.watermark_delay_ms);
  members->Integer("lagRows", derived.lag_rows);
  if (derived.lag_rows) members->Text("lagBasis", "progress");
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
  Members before(&text, /*first=*/false);
  before.Open("source");
  before.Text("name", facts.source_name);
  before.Text("path", facts.path);
  before.Raw("offset", " ");
  text.Truncate(text.size() - 1);
  before_offset_ = text.view();

  text.Clear();
  Members after(&text, /*first=*/false);
  after.Text("host", facts.host);
  after.Text("namespace", facts.kubernetes_namespace);
  after.Text("pod", facts.pod);
  after.Text("container", facts.container);
  after_offset_ = text.view();
  valid_source_ = before.valid_utf8() && after.valid_utf8();
  SetIdentity(Identity());
}

void DocumentWriter::SetIdentity(const Identity& from_log) {
  ByteBuffer text;
  Members before(&text, /*first=*/false);
  before.Text("environment", environment_);
  before.Text("appName", Prefer(proven_.app_name, from_log.app_name));
  before.Text("appId", Prefer(proven_.app_id, from_log.app_id));
  before.Raw("attempt", Prefer(proven_.attempt, from_log.attempt));
  before.Text("containerId", Prefer(proven_.container_id, from_log.container_id));
  before.Text("deployMode", Prefer(proven_.deploy_mode, from_log.deploy_mode));
  before_running_ = text.view();

  text.Clear();
  Members after(&text, /*first=*/false);
  after.Text("sparkVersion", Prefer(proven_.spark_version, from_log.spark_version));
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
  bytes->Append('{');
  Members head(bytes, /*first=*/true);
  head.Text("@timestamp", timestamp);
  head.Text("kind", Name(kind));
  head.Text("id", View(id));
  bytes->Append(before_running_);
  bytes->Append(running ? ",\"running\":true" : ",\"running\":false");
  bytes->Append(after_running_);
  bytes->Append(before_offset_);
  AppendInteger(static_cast<int64_t>(offset), bytes);
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
  Members members(&out->bytes, /*first=*/false);
  members.Raw("metrics", progress.metrics);
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
  // The body is written first: the envelope before it says if the body was valid UTF-8.
  ByteBuffer body;
  Members members(&body, /*first=*/false);
  AddQuery(query, &members);
  AddError(query, &members);
  AddLog(header, &members);
  const bool running = query.phase != "stopped" && query.phase != "terminated";
  EventRef event =
      Begin(EventKind::kQuery, id, timestamp, running, members.valid_utf8(), offset, &out->bytes);
  event.time_ms = ParseUtcMillis(timestamp).value_or(kNoTime);
  out->bytes.Append(body.view());
  End(event, out);
}

void DocumentWriter::WriteSignal(const EventId& id, std::string_view timestamp,
                                 const SignalFacts& signal, const Header& header, uint64_t offset,
                                 EventBuffer* out) {
  ByteBuffer body;
  Members members(&body, /*first=*/false);
  members.Text("rule", signal.rule);
  members.Text("severity", signal.severity);
  members.Text("message", signal.message);
  members.Raw("fields", signal.fields);
  AddLog(header, &members);
  EventRef event = Begin(EventKind::kSignal, id, timestamp, /*running=*/true, members.valid_utf8(),
                         offset, &out->bytes);
  event.time_ms = ParseUtcMillis(timestamp).value_or(kNoTime);
  out->bytes.Append(body.view());
  End(event, out);
}

}  // namespace sparktail
