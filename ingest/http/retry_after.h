#pragma once

#include <absl/time/time.h>

#include <optional>
#include <string>

namespace sparktail {

// How long to wait, as a Retry-After header says it, in seconds or as a date in any of HTTP's three
// formats; zero for a date that is over, at most a day. Nothing if it says neither.
std::optional<absl::Duration> ReadRetryAfter(const std::string& value, absl::Time now);

// A date as HTTP writes it: "Sun, 06 Nov 1994 08:49:37 GMT", or in one of its two older formats.
std::optional<absl::Time> ReadHttpDate(const std::string& value);

}  // namespace sparktail
