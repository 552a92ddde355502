#pragma once

#include <absl/time/time.h>

#include <optional>
#include <string>

namespace sparktail {

// Reads the value of a Retry-After header: seconds, or a date in any of HTTP's three formats.
// Returns the time to wait, at most a day; zero for a date in the past. Returns nothing if the
// value is neither.
std::optional<absl::Duration> ReadRetryAfter(const std::string& value, absl::Time now);

// Reads an HTTP date: "Sun, 06 Nov 1994 08:49:37 GMT", or one of the two older formats.
std::optional<absl::Time> ReadHttpDate(const std::string& value);

}  // namespace sparktail
