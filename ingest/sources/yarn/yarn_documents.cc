#include "ingest/sources/yarn/yarn_documents.h"

#include <optional>
#include <string_view>

#include "parsers/byte_buffer.h"
#include "parsers/event_id.h"
#include "parsers/json_writer.h"

namespace sparktail {
namespace {

std::string Stamp(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

EventRef Begin(EventKind kind, const EventId& id, absl::Time time, uint64_t offset,
               const ByteBuffer& out) {
  EventRef event{kind, id, out.size(), out.size()};
  event.time_ms = absl::ToUnixMillis(time);
  event.offset = offset;
  return event;
}

void End(EventRef event, EventBuffer* out) {
  event.end = out->bytes.size();
  out->events.push_back(event);
  out->bytes.Append("\n");
}

// Concatenates JSON arrays.
std::string Joined(const std::vector<std::string>& arrays) {
  std::string joined = "[";
  for (const std::string& array : arrays) {
    if (array.size() <= 2) continue;
    if (joined.size() > 1) joined += ',';
    joined.append(array, 1, array.size() - 2);
  }
  return joined + "]";
}

struct Envelope {
  std::string_view environment;
  std::string_view source;
  EventKind kind = EventKind::kApp;
  const EventId* id = nullptr;
  absl::Time time;
  std::string_view app_name;
  std::string_view app_id;
  std::string_view attempt;
  std::string_view container_id;
  std::string_view deploy_mode;
  bool running = true;
};

void Add(const Envelope& envelope, JsonWriter* members) {
  members->KnownText("@timestamp", Stamp(envelope.time));
  members->KnownText("kind", Name(envelope.kind));
  members->KnownText("id", View(*envelope.id));
  members->KnownText("environment", envelope.environment);
  members->KnownText("appName", envelope.app_name);
  members->KnownText("appId", envelope.app_id);
  members->KnownRaw("attempt", envelope.attempt);
  members->KnownText("containerId", envelope.container_id);
  members->KnownText("deployMode", envelope.deploy_mode);
  members->Boolean("running", envelope.running);
  members->Open("source");
  members->KnownText("name", envelope.source);
  members->Close();
}

Envelope EnvelopeOf(const YarnOrigin& origin) {
  Envelope envelope;
  envelope.app_name = origin.name;
  envelope.app_id = origin.application;
  envelope.attempt = origin.attempt;
  envelope.deploy_mode = origin.deploy_mode;
  return envelope;
}

}  // namespace

void YarnDocuments::WriteJob(const YarnOrigin& origin, const FinishedJob& job, uint64_t offset,
                             EventBuffer* out) const {
  const EventId id =
      MakeEventId({"job", origin.application, origin.attempt, std::to_string(job.job.id)});
  Envelope envelope = EnvelopeOf(origin);
  envelope.environment = environment_;
  envelope.source = source_;
  envelope.kind = EventKind::kJob;
  envelope.id = &id;
  envelope.time = *job.job.completed;
  const EventRef event = Begin(envelope.kind, id, envelope.time, offset, out->bytes);
  JsonWriter members(&out->bytes);
  members.Open();
  Add(envelope, &members);
  members.KnownRaw("job", job.job.json);
  members.KnownRaw("stages", Joined(job.stages));
  members.Close();
  End(event, out);
}

void YarnDocuments::WriteBatch(const YarnOrigin& origin, const SparkBatch& batch, uint64_t offset,
                               EventBuffer* out) const {
  const EventId id =
      MakeEventId({"batch", origin.application, origin.attempt, std::to_string(batch.time)});
  Envelope envelope = EnvelopeOf(origin);
  envelope.environment = environment_;
  envelope.source = source_;
  envelope.kind = EventKind::kBatch;
  envelope.id = &id;
  envelope.time = absl::FromUnixMillis(batch.time);
  const EventRef event = Begin(envelope.kind, id, envelope.time, offset, out->bytes);
  JsonWriter members(&out->bytes);
  members.Open();
  Add(envelope, &members);
  members.Open("batch");
  members.KnownInteger("time", batch.time);
  members.KnownInteger("schedulingDelayMs", batch.scheduling_delay);
  members.KnownInteger("processingMs", batch.processing);
  members.KnownInteger("totalDelayMs", batch.total_delay);
  members.KnownInteger("records", batch.records);
  members.KnownInteger("jobs", batch.jobs);
  members.KnownText("status", batch.status);
  members.Close();
  members.Close();
  End(event, out);
}

void YarnDocuments::WriteApp(absl::Time time, const AppReport& report, uint64_t offset,
                             EventBuffer* out) const {
  const YarnApplication app = report.application.value_or(YarnApplication());
  // Several applications may have the name: all but the first one are told apart by their ids.
  const std::string seconds = std::to_string(absl::ToUnixSeconds(time));
  const EventId id = report.is_first
                         ? MakeEventId({"app", environment_, report.name, seconds})
                         : MakeEventId({"app", environment_, report.name, seconds, app.id});
  Envelope envelope;
  envelope.environment = environment_;
  envelope.source = source_;
  envelope.id = &id;
  envelope.time = time;
  envelope.app_name = report.name;
  envelope.app_id = app.id;
  const std::string attempt = report.attempts ? std::to_string(*report.attempts) : "";
  envelope.attempt = attempt;
  if (app.am_logs) envelope.container_id = app.am_logs->container;
  envelope.deploy_mode = report.deploy_mode;
  envelope.running = report.is_running;
  const EventRef event = Begin(envelope.kind, id, time, offset, out->bytes);
  JsonWriter members(&out->bytes);
  members.Open();
  Add(envelope, &members);
  members.Open("app");
  members.KnownText("state", app.state);
  members.KnownText("finalStatus", app.final_status);
  members.KnownText("diagnostics", app.diagnostics);
  members.KnownText("user", app.user);
  members.KnownText("queue", app.queue);
  members.KnownInteger("attempts", report.attempts);
  members.KnownInteger("containers", app.containers);
  members.KnownInteger("memoryMB", app.memory_mb);
  members.KnownInteger("vcores", app.vcores);
  members.Close();
  members.Close();
  End(event, out);
}

}  // namespace sparktail
