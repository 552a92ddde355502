#include "ingest/sources/yarn/yarn_documents.h"

#include <utility>

#include "parsers/byte_buffer.h"
#include "parsers/event_id.h"
#include "parsers/json_writer.h"

namespace sparktail {
namespace {

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

Identity IdentityOf(const YarnOrigin& origin) {
  Identity identity;
  identity.app_name = origin.name;
  identity.app_id = origin.application;
  identity.attempt = origin.attempt;
  identity.deploy_mode = origin.deploy_mode;
  return identity;
}

}  // namespace

void YarnDocuments::WriteJob(const YarnOrigin& origin, const FinishedJob& job, uint64_t offset,
                             EventBuffer* out) const {
  EventBody body;
  body.kind = EventKind::kJob;
  body.id = MakeEventId({"job", origin.application, origin.attempt, std::to_string(job.job.id)});
  ByteBuffer text;
  JsonWriter members = JsonWriter::Continue(&text);
  members.KnownRaw("job", job.job.json);
  members.KnownRaw("stages", Joined(job.stages));
  body.members = text.view();
  Write(body, *job.job.completed, IdentityOf(origin), offset, out);
}

void YarnDocuments::WriteBatch(const YarnOrigin& origin, const SparkBatch& batch, uint64_t offset,
                               EventBuffer* out) const {
  EventBody body;
  body.kind = EventKind::kBatch;
  body.id = MakeEventId({"batch", origin.application, origin.attempt, std::to_string(batch.time)});
  ByteBuffer text;
  JsonWriter members = JsonWriter::Continue(&text);
  members.Open("batch");
  members.KnownInteger("time", batch.time);
  members.KnownInteger("schedulingDelayMs", batch.scheduling_delay);
  members.KnownInteger("processingMs", batch.processing);
  members.KnownInteger("totalDelayMs", batch.total_delay);
  members.KnownInteger("records", batch.records);
  members.KnownInteger("jobs", batch.jobs);
  members.KnownText("status", batch.status);
  members.Close();
  body.members = text.view();
  Write(body, absl::FromUnixMillis(batch.time), IdentityOf(origin), offset, out);
}

void YarnDocuments::WriteApp(absl::Time time, const AppReport& report, uint64_t offset,
                             EventBuffer* out) const {
  const YarnApplication app = report.application.value_or(YarnApplication());
  // Several applications may have the name: all but the first one are told apart by their ids.
  const std::string seconds = std::to_string(absl::ToUnixSeconds(time));
  EventBody body;
  body.kind = EventKind::kApp;
  body.id = report.is_first ? MakeEventId({"app", environment_, report.name, seconds})
                            : MakeEventId({"app", environment_, report.name, seconds, app.id});
  body.running = report.is_running;
  Identity identity;
  identity.app_name = report.name;
  identity.app_id = app.id;
  if (report.attempts) identity.attempt = std::to_string(*report.attempts);
  if (app.am_logs) identity.container_id = app.am_logs->container;
  identity.deploy_mode = report.deploy_mode;
  ByteBuffer text;
  JsonWriter members = JsonWriter::Continue(&text);
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
  body.members = text.view();
  Write(body, time, std::move(identity), offset, out);
}

void YarnDocuments::Write(EventBody body, absl::Time time, Identity identity, uint64_t offset,
                          EventBuffer* out) const {
  StreamFacts facts;
  facts.environment = environment_;
  facts.source_name = source_;
  facts.identity = std::move(identity);
  const std::string timestamp = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
  body.timestamp = timestamp;
  DocumentWriter(facts).Write(body, offset, out);
}

}  // namespace sparktail
