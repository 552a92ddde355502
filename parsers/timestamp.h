#pragma once

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sparktail {

// The stamp of a log line: log4j's %d in one of the forms that are met in driver logs.
//   26/11/21 15:34:03            yy/MM/dd, Spark's default (a year of two digits is 20yy)
//   2026/11/21 15:34:03
//   2026-11-21 15:34:03,736      ISO 8601 of log4j 1; also with '.', 'T', 1 to 9 digits, or none
//   2026-11-21T15:34:03.736Z     with a zone: Z, +02, +0200 or +02:00; behind a space UTC and GMT
//   too
struct Stamp {
  absl::CivilSecond time;
  int millisecond = 0;
  std::optional<int> utc_offset_s;  // the zone, if the stamp names one
  size_t length = 0;                // bytes of the stamp in the line
};

// Reads a stamp at the beginning of `text`. Fails on dates that no calendar has.
std::optional<Stamp> ParseStamp(std::string_view text);

// True if `text` may begin with a stamp: a cheap test for the reader of headers.
bool LooksLikeStamp(std::string_view text);

// `yyyy-MM-ddTHH:mm:ss.SSSZ` of the stamp, in UTC; `zone` is that of stamps without their own.
// Empty if that is before 1970 or behind 9999: no log was written then.
std::string ToUtc(const Stamp& stamp, absl::TimeZone zone);

// Milliseconds since 1970 of a UTC time as Spark prints it in progress events
// (StreamingQueryProgress: yyyy-MM-dd'T'HH:mm:ss.SSS'Z'; the fraction may be missing).
std::optional<int64_t> ParseUtcMillis(std::string_view text);

}  // namespace sparktail
