#include "parsers/timestamp.h"

#include <cstdio>

#include "parsers/text.h"

namespace sparktail {
namespace {

// Reads exactly `count` digits at `at`, or fails.
bool ReadDigits(std::string_view text, size_t at, size_t count, int* value) {
  if (text.size() < at + count) return false;
  *value = 0;
  for (size_t i = at; i < at + count; ++i) {
    if (!IsDigit(text[i])) return false;
    *value = *value * 10 + (text[i] - '0');
  }
  return true;
}

bool At(std::string_view text, size_t at, char c) { return at < text.size() && text[at] == c; }

struct Date {
  int year = 0;
  int month = 0;
  int day = 0;
  size_t length = 0;
};

std::optional<Date> ReadDate(std::string_view text) {
  Date date;
  if (At(text, 2, '/')) {
    if (!ReadDigits(text, 0, 2, &date.year)) return std::nullopt;
    date.year += 2000;
    date.length = 8;
  } else {
    if (!ReadDigits(text, 0, 4, &date.year)) return std::nullopt;
    date.length = 10;
  }
  const size_t month = date.length - 5;
  const char separator = text.size() > date.length ? text[month - 1] : '\0';
  if (separator != '/' && separator != '-') return std::nullopt;
  if (!At(text, month + 2, separator)) return std::nullopt;
  if (!ReadDigits(text, month, 2, &date.month)) return std::nullopt;
  if (!ReadDigits(text, month + 3, 2, &date.day)) return std::nullopt;
  return date;
}

// Reads `[,.]d{1,9}` at `at`. Returns its length in bytes, 0 if it is not there.
size_t ReadFraction(std::string_view text, size_t at, int* millisecond) {
  if (!At(text, at, ',') && !At(text, at, '.')) return 0;
  size_t digits = 0;
  int value = 0;
  while (digits < 9 && at + 1 + digits < text.size() && IsDigit(text[at + 1 + digits])) {
    if (digits < 3) value = value * 10 + (text[at + 1 + digits] - '0');
    ++digits;
  }
  if (digits == 0) return 0;
  for (size_t i = digits; i < 3; ++i) value *= 10;
  *millisecond = value;
  return digits + 1;
}

// Reads Z, +hh, +hhmm or +hh:mm at `at`. Returns its length in bytes, 0 if it is not there.
size_t ReadZone(std::string_view text, size_t at, std::optional<int>* utc_offset_s) {
  if (At(text, at, 'Z')) {
    *utc_offset_s = 0;
    return 1;
  }
  if (!At(text, at, '+') && !At(text, at, '-')) return 0;
  int hours = 0;
  int minutes = 0;
  if (!ReadDigits(text, at + 1, 2, &hours) || hours > 18) return 0;
  size_t length = 3;
  if (At(text, at + 3, ':') && ReadDigits(text, at + 4, 2, &minutes)) {
    length = 6;
  } else if (ReadDigits(text, at + 3, 2, &minutes)) {
    length = 5;
  } else {
    minutes = 0;
  }
  if (minutes > 59) return 0;
  const int seconds = hours * 3600 + minutes * 60;
  *utc_offset_s = text[at] == '-' ? -seconds : seconds;
  return length;
}

}  // namespace

bool LooksLikeStamp(std::string_view text) {
  if (text.size() < 17 || !IsDigit(text[0])) return false;
  return (text[2] == '/' && text[5] == '/' && text[8] == ' ') ||
         ((text[4] == '-' || text[4] == '/') && text[7] == text[4] && text[13] == ':');
}

std::optional<Stamp> ParseStamp(std::string_view text) {
  if (!LooksLikeStamp(text)) return std::nullopt;
  const std::optional<Date> date = ReadDate(text);
  if (!date || (text[date->length] != ' ' && text[date->length] != 'T')) return std::nullopt;
  const size_t clock = date->length + 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!ReadDigits(text, clock, 2, &hour) || !At(text, clock + 2, ':') ||
      !ReadDigits(text, clock + 3, 2, &minute) || !At(text, clock + 5, ':') ||
      !ReadDigits(text, clock + 6, 2, &second)) {
    return std::nullopt;
  }
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const absl::CivilDay day(date->year, date->month, date->day);
  if (day.month() != date->month || day.day() != date->day) return std::nullopt;

  Stamp stamp;
  stamp.time = absl::CivilSecond(date->year, date->month, date->day, hour, minute, second);
  stamp.length = clock + 8;
  stamp.length += ReadFraction(text, stamp.length, &stamp.millisecond);
  if (At(text, stamp.length, ' ')) {
    // The zone may be a separate word: %d{… Z}, or UTC.
    std::optional<int> utc_offset_s;
    size_t length = ReadZone(text, stamp.length + 1, &utc_offset_s);
    if (const std::string_view word = text.substr(stamp.length + 1, 3);
        word == "UTC" || word == "GMT") {
      utc_offset_s = 0;
      length = 3;
    }
    const size_t end = stamp.length + 1 + length;
    if (length > 0 && (end == text.size() || At(text, end, ' '))) {
      stamp.utc_offset_s = utc_offset_s;
      stamp.length = end;
    }
  } else {
    stamp.length += ReadZone(text, stamp.length, &stamp.utc_offset_s);
  }
  return stamp;
}

std::string ToUtc(const Stamp& stamp, absl::TimeZone zone) {
  const absl::TimeZone own = stamp.utc_offset_s ? absl::FixedTimeZone(*stamp.utc_offset_s) : zone;
  const absl::CivilSecond utc =
      absl::ToCivilSecond(absl::FromCivil(stamp.time, own), absl::UTCTimeZone());
  if (utc.year() < 1970 || utc.year() > 9999) return {};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                static_cast<int>(utc.year()), utc.month(), utc.day(), utc.hour(), utc.minute(),
                utc.second(), stamp.millisecond);
  return text;
}

std::optional<int64_t> ParseUtcMillis(std::string_view text) {
  if (text.size() < 20 || text[10] != 'T' || text.back() != 'Z') return std::nullopt;
  const std::optional<Stamp> stamp = ParseStamp(text);
  if (!stamp || stamp->length != text.size()) return std::nullopt;
  const int64_t seconds = stamp->time - absl::CivilSecond(1970, 1, 1);
  return seconds * 1000 + stamp->millisecond;
}

}  // namespace sparktail
