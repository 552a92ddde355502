#include "ingest/sources/file/zone_evidence.h"

#include <absl/time/civil_time.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "parsers/header.h"
#include "parsers/timestamp.h"

namespace sparktail {
namespace {

constexpr std::string_view kProgress = "made progress: {";
// The part of an event to search: its times come before anything that may be long.
constexpr size_t kMostJson = size_t{16} << 10;
// Every zone is a multiple of this ahead of UTC, and writing an event takes less than half of it.
constexpr absl::Duration kZoneStep = absl::Minutes(15);

// Returns the text from the value of "key" on, in Spark's pretty print.
std::optional<std::string_view> ValueOf(std::string_view json, std::string_view key) {
  const size_t at = json.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  const size_t value = json.find_first_not_of(" :", at + key.size());
  if (value == std::string_view::npos) return std::nullopt;
  return json.substr(value);
}

std::optional<int64_t> NumberOf(std::string_view json, std::string_view key) {
  const std::optional<std::string_view> value = ValueOf(json, key);
  int64_t number = 0;
  if (!value) return std::nullopt;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (error != std::errc() || number < 0 || number > INT32_MAX) return std::nullopt;
  return number;
}

// Returns the end of the event's trigger.
std::optional<absl::Time> EndOf(std::string_view json) {
  const std::optional<std::string_view> quoted = ValueOf(json, "\"timestamp\"");
  if (!quoted || !quoted->starts_with('"')) return std::nullopt;
  const std::string_view text = quoted->substr(1, quoted->find('"', 1) - 1);
  const std::optional<int64_t> start = ParseUtcMillis(text);
  const std::optional<int64_t> duration = NumberOf(json, "\"triggerExecution\"");
  if (!start || !duration) return std::nullopt;
  return absl::FromUnixMillis(*start + *duration);
}

}  // namespace

void ZoneEvidence::Look(std::string_view text) {
  for (size_t at = text.find(kProgress); at != std::string_view::npos;
       at = text.find(kProgress, at + kProgress.size())) {
    const size_t before = text.rfind('\n', at);
    const size_t begin = before == std::string_view::npos ? 0 : before + 1;
    // The event ends at the closing brace in Spark's pretty print.
    const size_t end = text.find("\n}", at);
    if (end == std::string_view::npos) return;
    LookAt(text.substr(begin, at + kProgress.size() - begin),
           text.substr(at, std::min(end - at, kMostJson)));
  }
}

void ZoneEvidence::LookAt(std::string_view line, std::string_view json) {
  const std::optional<Header> header = ParseHeader(line);
  const std::optional<absl::Time> end = EndOf(json);
  if (!header || !end) return;
  latest_ = std::max(latest_, *end);
  if (header->stamp.utc_offset_s) return;
  ++events_;
  const absl::Duration ahead = absl::FromCivil(header->stamp.time, absl::UTCTimeZone()) - *end;
  const auto steps = absl::Floor(ahead + kZoneStep / 2, kZoneStep);
  const absl::Duration configured = absl::Seconds(zone_.At(*end).offset);
  if (absl::AbsDuration(ahead - configured) <= kZoneStep / 2) return;
  ++disagreeing_;
  if (*end < disagreeing_time_) return;
  disagreeing_time_ = *end;
  disagreeing_offset_ = steps;
}

std::string FormatOffset(absl::Duration offset) {
  const int64_t minutes = absl::ToInt64Minutes(absl::AbsDuration(offset));
  char text[32];
  std::snprintf(text, sizeof text, "%c%02lld:%02lld", offset < absl::ZeroDuration() ? '-' : '+',
                static_cast<long long>(minutes / 60), static_cast<long long>(minutes % 60));
  return text;
}

}  // namespace sparktail
