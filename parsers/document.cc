#include "parsers/document.h"

#include <charconv>
#include <utility>

#include "parsers/json_text.h"

namespace sparktail {
namespace {

void AppendInteger(int64_t value, ByteBuffer* out) {
  char* digits = out->Reserve(24);
  out->Advance(static_cast<size_t>(std::to_chars(digits, digits + 24, value).ptr - digits));
}

// Writes the members of an object; those whose value is empty are left out.
class Members {
 public:
  // `first`: no comma before the first member.
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

  // False if a text held bytes that are no UTF-8.
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

// A value that the source or the configuration proves comes before the log's.
std::string_view Prefer(const std::string& fact, const std::string& from_log) {
  return fact.empty() ? from_log : fact;
}

}  // namespace

DocumentWriter::DocumentWriter(StreamFacts facts) : facts_(std::move(facts)) {
  SetIdentity(Identity());
}

void DocumentWriter::SetIdentity(const Identity& from_log) {
  const Identity& facts = facts_.identity;
  ByteBuffer text;
  Members head(&text, /*first=*/false);
  head.Text("environment", facts_.environment);
  head.Text("appName", Prefer(facts.app_name, from_log.app_name));
  head.Text("appId", Prefer(facts.app_id, from_log.app_id));
  head.Raw("attempt", Prefer(facts.attempt, from_log.attempt));
  head.Text("containerId", Prefer(facts.container_id, from_log.container_id));
  head.Text("deployMode", Prefer(facts.deploy_mode, from_log.deploy_mode));
  before_running_ = text.view();

  text.Clear();
  Members tail(&text, /*first=*/false);
  tail.Text("sparkVersion", Prefer(facts.spark_version, from_log.spark_version));
  tail.Open("source");
  tail.Text("name", facts_.source_name);
  tail.Text("path", facts_.path);
  tail.Raw("offset", " ");
  text.Truncate(text.size() - 1);
  before_offset_ = text.view();
  valid_utf8_ = head.valid_utf8() && tail.valid_utf8();
}

void DocumentWriter::Write(EventKind kind, const EventId& id, std::string_view timestamp,
                           bool running, bool valid_utf8, uint64_t offset, std::string_view body,
                           EventBuffer* out) {
  ByteBuffer& bytes = out->bytes;
  const size_t begin = bytes.size();
  bytes.Append('{');
  Members head(&bytes, /*first=*/true);
  head.Text("@timestamp", timestamp);
  head.Text("kind", Name(kind));
  head.Text("id", View(id));
  bytes.Append(before_running_);
  bytes.Append(running ? ",\"running\":true" : ",\"running\":false");
  bytes.Append(before_offset_);
  AppendInteger(static_cast<int64_t>(offset), &bytes);
  if (!valid_utf8 || !valid_utf8_) bytes.Append(",\"invalidUtf8\":true");
  bytes.Append('}');
  bytes.Append(body);
  bytes.Append('}');
  out->events.push_back({kind, id, begin, bytes.size()});
  bytes.Append('\n');
}

void DocumentWriter::WriteProgress(const EventId& id, const Progress& progress, uint64_t offset,
                                   EventBuffer* out) {
  body_.Clear();
  Members members(&body_, /*first=*/false);
  members.Raw("metrics", progress.metrics);
  AddDerived(progress.derived, &members);
  Write(EventKind::kProgress, id, progress.timestamp, /*running=*/true, !progress.invalid_utf8,
        offset, body_.view(), out);
}

void DocumentWriter::WriteQuery(const EventId& id, std::string_view timestamp,
                                const QueryFacts& query, const Header& header, uint64_t offset,
                                EventBuffer* out) {
  body_.Clear();
  Members members(&body_, /*first=*/false);
  AddQuery(query, &members);
  AddError(query, &members);
  AddLog(header, &members);
  const bool running = query.phase != "stopped" && query.phase != "terminated";
  Write(EventKind::kQuery, id, timestamp, running, members.valid_utf8(), offset, body_.view(), out);
}

void DocumentWriter::WriteSignal(const EventId& id, std::string_view timestamp,
                                 const SignalFacts& signal, const Header& header, uint64_t offset,
                                 EventBuffer* out) {
  body_.Clear();
  Members members(&body_, /*first=*/false);
  members.Text("rule", signal.rule);
  members.Text("severity", signal.severity);
  members.Text("message", signal.message);
  members.Raw("fields", signal.fields);
  AddLog(header, &members);
  Write(EventKind::kSignal, id, timestamp, /*running=*/true, members.valid_utf8(), offset,
        body_.view(), out);
}

}  // namespace sparktail
