#include "ingest/web/stats.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "ingest/base/printable.h"

namespace sparktail {
namespace {

std::string Line(std::string_view name, std::string_view value) {
  std::string line(name);
  line.append(": ").append(value).append("\n");
  return line;
}

std::string EventsByKind(const ParserStats& stats) {
  std::string text = std::to_string(stats.total()) + " (";
  for (size_t i = 0; i < stats.events.size(); ++i) {
    if (i >= kLogEventKinds && stats.events[i] == 0) continue;
    if (i > 0) text += ", ";
    text.append(kEventKindNames[i]).append(" ").append(std::to_string(stats.events[i]));
  }
  return text + ")";
}

std::string Skipped(const ParserStats& stats) {
  return "not_progress " + std::to_string(stats.not_progress) + ", incomplete " +
         std::to_string(stats.incomplete) + ", malformed " + std::to_string(stats.malformed) +
         ", over_long " + std::to_string(stats.over_long) + ", long_lines " +
         std::to_string(stats.long_lines);
}

std::string Found(const ParserStats& stats) {
  return Line("events", EventsByKind(stats)) + Line("skipped", Skipped(stats)) +
         Line("truncated", std::to_string(stats.truncated)) +
         Line("restored", std::to_string(stats.restored));
}

std::string Delivered(const SinkStatus& sink) {
  std::string text = "events " + std::to_string(sink.events) + ", bytes " +
                     std::to_string(sink.bytes) + ", dead_letters " +
                     std::to_string(sink.dead_letters);
  if (sink.lost_bytes > 0) text += ", lost_bytes " + std::to_string(sink.lost_bytes);
  return text;
}

}  // namespace

std::string FormatStats(const ParserStats& stats, double seconds) {
  char speed[32];
  std::snprintf(speed, sizeof speed, "%.1f MB/s",
                static_cast<double>(stats.bytes) / 1e6 / std::max(seconds, 1e-6));
  return Line("bytes", std::to_string(stats.bytes)) +
         Line("records", std::to_string(stats.records)) + Found(stats) + Line("speed", speed);
}

std::string FormatRunStats(const ParserStats& parsed, const PipelineStatus& status) {
  uint64_t read = 0;
  uint64_t lost = 0;
  for (const SourceStatus& source : status.sources) {
    read += source.read_bytes;
    lost += source.lost_bytes;
  }
  std::string text = Line("bytes", std::to_string(read)) + Found(parsed) +
                     Line("lost_bytes", std::to_string(lost));
  for (const SinkStatus& sink : status.sinks) {
    text += Line("sink " + Printable(sink.name, sink.name.size()), Delivered(sink));
  }
  return text;
}

}  // namespace sparktail
