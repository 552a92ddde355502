#include "ingest/http/retry_after.h"

#include <absl/strings/ascii.h>
#include <absl/time/clock.h>

#include <algorithm>
#include <array>

namespace sparktail {
namespace {

constexpr absl::Duration kLongest = absl::Hours(24);
constexpr size_t kMostDigits = 5;  // of a day's 86400 seconds

bool IsNumber(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

absl::Duration Seconds(const std::string& digits) {
  const size_t first = std::min(digits.find_first_not_of('0'), digits.size());
  if (digits.size() - first > kMostDigits) return kLongest;
  return first == digits.size() ? absl::ZeroDuration()
                                : absl::Seconds(std::stoi(digits.substr(first)));
}

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
  if (IsNumber(text)) return std::min(Seconds(text), kLongest);
  const std::optional<absl::Time> date = ReadHttpDate(text);
  if (!date) return std::nullopt;
  return std::clamp(*date - now, absl::ZeroDuration(), kLongest);
}

}  // namespace sparktail
