#include "ingest/http/retry_after.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/time/clock.h>

#include <algorithm>
#include <array>

namespace sparktail {
namespace {

constexpr absl::Duration kLongest = absl::Hours(24);

}  // namespace

std::optional<absl::Time> ReadHttpDate(const std::string& value) {
  static constexpr std::array<const char*, 3> kFormats = {
      "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"};
  for (const char* format : kFormats) {
    absl::Time date;
    if (absl::ParseTime(format, value, &date, nullptr)) return date;
  }
  return std::nullopt;
}

std::optional<absl::Duration> ReadRetryAfter(const std::string& value, absl::Time now) {
  const std::string text(absl::StripAsciiWhitespace(value));
  if (!text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit)) {
    int64_t seconds = 0;
    const bool is_bounded = absl::SimpleAtoi(text, &seconds);
    return is_bounded ? std::min(absl::Seconds(seconds), kLongest) : kLongest;
  }
  const std::optional<absl::Time> date = ReadHttpDate(text);
  if (!date) return std::nullopt;
  return std::clamp(*date - now, absl::ZeroDuration(), kLongest);
}

}  // namespace sparktail
