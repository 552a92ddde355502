#include "ingest/cli/stats.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

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

}  // namespace

std::string FormatStats(const ParserStats& stats, double seconds) {
  char speed[32];
  std::snprintf(speed, sizeof speed, "%.1f MB/s",
                static_cast<double>(stats.bytes) / 1e6 / std::max(seconds, 1e-6));
  return Line("bytes", std::to_string(stats.bytes)) +
         Line("records", std::to_string(stats.records)) + Line("events", EventsByKind(stats)) +
         Line("skipped", Skipped(stats)) + Line("truncated", std::to_string(stats.truncated)) +
         Line("restored", std::to_string(stats.restored)) + Line("speed", speed);
}

}  // namespace sparktail
