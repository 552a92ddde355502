#pragma once

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sparktail {

// The stamp of a log line: log4j's %d in one of the forms that driver logs use.
//   26/11/21 15:34:03            yy/MM/dd, Spark's default (a year of two digits is 20yy)
//   2026/11/21 15:34:03
//   2026-11-21 15:34:03,736      ISO 8601 of log4j 1; also with '.', 'T', 1 to 9 digits, or none
//   2026-11-21T15:34:03.736Z     with a zone: Z, +02, +0200 or +02:00; after a space also UTC, GMT
struct Stamp {
  absl::CivilSecond time;
  int millisecond = 0;
  std::optional<int> utc_offset_s;  // the zone, if the stamp names one
  size_t length = 0;                // bytes of the stamp in the line
};

// Reads a stamp at the beginning of `text`. Fails on dates that do not exist.
std::optional<Stamp> ParseStamp(std::string_view text);

// True if `text` may begin with a stamp: a cheap test for the reader of headers.
bool LooksLikeStamp(std::string_view text);

// Returns the stamp in UTC as `yyyy-MM-ddTHH:mm:ss.SSSZ`. `zone` applies to stamps that name no
// zone. Empty if the year is before 1970 or after 9999: no log was written then.
std::string ToUtc(const Stamp& stamp, absl::TimeZone zone);

// Reads a UTC time as Spark prints it in progress events (StreamingQueryProgress:
// yyyy-MM-dd'T'HH:mm:ss.SSS'Z'; the fraction may be missing) as milliseconds since 1970.
std::optional<int64_t> ParseUtcMillis(std::string_view text);

}  // namespace sparktail
