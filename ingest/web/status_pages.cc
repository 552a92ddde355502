#include "ingest/web/status_pages.h"

#include <string>
#include <utility>

#include "ingest/base/printable.h"
#include "ingest/web/metrics.h"

namespace sparktail {
namespace {

constexpr size_t kMostReasonBytes = 512;

HttpPage Text(int status, std::string body) { return {.status = status, .body = std::move(body)}; }

HttpPage Index(std::string_view version) {
  return {.content_type = "text/html; charset=utf-8",
          .body = "<!doctype html><title>sparktail</title><h1>sparktail " + std::string(version) +
                  "</h1>\n<ul><li><a href=\"/metrics\">/metrics</a> for Prometheus"
                  "<li><a href=\"/healthz\">/healthz</a> does the reader loop run?"
                  "<li><a href=\"/readyz\">/readyz</a> are all sources and sinks open?</ul>\n"};
}

HttpPage Metrics(const PipelineStatus& status, std::string_view version,
                 std::span<const Measure> measures) {
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8",
          .body = MetricsPage(status, version, measures)};
}

HttpPage Health(const PipelineStatus& status) {
  return status.healthy ? Text(200, "healthy\n") : Text(503, "the reader loop is stuck\n");
}

HttpPage Readiness(const PipelineStatus& status) {
  std::string text = status.ready
                         ? "ready\n"
                         : "not ready: " + Printable(status.not_ready, kMostReasonBytes) + "\n";
  for (const SinkStatus& sink : status.sinks) {
    if (sink.state != SinkStatus::State::kPaused) continue;
    text += "sink " + Printable(sink.name, kMostReasonBytes) +
            " is paused: " + Printable(sink.why, kMostReasonBytes) + "\n";
  }
  return Text(status.ready ? 200 : 503, std::move(text));
}

}  // namespace

HttpPage StatusPage(std::string_view path, const PipelineStatus& status, std::string_view version,
                    std::span<const Measure> measures) {
  if (path == "/") return Index(version);
  if (path == "/metrics") return Metrics(status, version, measures);
  if (path == "/healthz") return Health(status);
  if (path == "/readyz") return Readiness(status);
  return Text(404, "no such page; there are /metrics, /healthz and /readyz\n");
}

}  // namespace sparktail
