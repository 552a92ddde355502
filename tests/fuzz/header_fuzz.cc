// ParseHeader and ParseStamp: results are in bounds for any text, and headers built from random
// parts are read back.

#include <cstdio>
#include <string>

#include "parsers/header.h"
#include "parsers/timestamp.h"
#include "tests/fuzz/fuzz_input.h"

namespace sparktail::fuzz {
namespace {

constexpr const char* kLevels[] = {"INFO", "WARN", "ERROR", "DEBUG", "TRACE", "FATAL"};

template <size_t kCount>
const char* Choose(FuzzInput* input, const char* const (&values)[kCount]) {
  return values[input->Number(kCount)];
}

bool IsLevel(std::string_view word) {
  return std::find(std::begin(kLevels), std::end(kLevels), word) != std::end(kLevels);
}

bool Inside(std::string_view part, std::string_view line) {
  return part.empty() ||
         (part.data() >= line.data() && part.data() + part.size() <= line.data() + line.size());
}

void CheckStamp(const Stamp& stamp, std::string_view text) {
  Require(stamp.length <= text.size(), "the stamp lies in the text");
  Require(LooksLikeStamp(text), "a stamp looks like one");
  Require(stamp.millisecond >= 0 && stamp.millisecond < 1000, "milliseconds");
  Require(std::abs(stamp.utc_offset_s.value_or(0)) < 19 * 3600, "zone");
  const auto again = ParseStamp(text.substr(0, stamp.length));
  Require(again && again->length == stamp.length && again->time == stamp.time,
          "a stamp does not need what follows it");
  const std::string utc = ToUtc(stamp, absl::UTCTimeZone());
  if (utc.empty()) return;
  const auto read = ParseUtcMillis(utc);
  const int64_t local = (stamp.time - absl::CivilSecond(1970, 1, 1)) * 1000 + stamp.millisecond;
  Require(read && *read == local - int64_t{1000} * stamp.utc_offset_s.value_or(0),
          "the stamp in UTC is the same time");
}

void CheckAnyLine(std::string_view line) {
  if (const auto stamp = ParseStamp(line)) CheckStamp(*stamp, line);
  ParseUtcMillis(line);
  const auto header = ParseHeader(line);
  const auto cut = ParseHeader(line.substr(0, kMaxHeaderBytes));
  Require(header.has_value() == cut.has_value(), "the first kMaxHeaderBytes decide");
  if (!header) return;
  Require(header->message == cut->message && header->prefix == cut->prefix, "as the cut line");
  Require(header->message <= std::min(line.size(), kMaxHeaderBytes), "the message is in bounds");
  Require(line.starts_with(header->prefix) && Inside(header->prefix, line), "prefix");
  CheckStamp(header->stamp, line.substr(header->prefix.size()));
  Require(header->prefix.size() + header->stamp.length < header->message, "stamp, then message");
  Require(IsLevel(header->level), "level");
  Require(!header->logger.empty(), "logger");
  const std::string_view fields = line.substr(0, header->message);
  Require(Inside(header->level, fields) && Inside(header->logger, fields) &&
              Inside(header->thread, fields),
          "all parts stand before the message");
  Require(header->logger.ends_with(ShortLogger(header->logger)), "short logger");
}

// The parts from which a header is built, and as which it must be read back.
struct Parts {
  std::string prefix;
  std::string stamp;
  absl::CivilSecond time;
  int millisecond = 0;
  std::optional<int> utc_offset_s;
  std::string level;
  std::string logger;
  std::string thread;
  std::string message;
};

void ChooseTime(FuzzInput* input, Parts* parts) {
  const int year = static_cast<int>(input->Number(10000));
  const bool short_year = input->Flag() && year >= 2000 && year < 2100;
  const char separator = short_year || input->Flag() ? '/' : '-';
  const int month = 1 + static_cast<int>(input->Number(12));
  const int day = 1 + static_cast<int>(input->Number(28));
  const int hour = static_cast<int>(input->Number(24));
  const int minute = static_cast<int>(input->Number(60));
  const int second = static_cast<int>(input->Number(60));
  parts->time = absl::CivilSecond(year, month, day, hour, minute, second);
  char text[64];
  std::snprintf(
      text, sizeof text,
      short_year ? "%02d%c%02d%c%02d%c%02d:%02d:%02d" : "%04d%c%02d%c%02d%c%02d:%02d:%02d",
      short_year ? year - 2000 : year, separator, month, separator, day,
      !short_year && input->Flag() ? 'T' : ' ', hour, minute, second);
  parts->stamp = text;
}

void ChooseFraction(FuzzInput* input, Parts* parts) {
  const size_t digits = input->Number(10);
  if (digits == 0) return;
  parts->stamp += input->Flag() ? ',' : '.';
  for (size_t i = 0; i < digits; ++i) {
    const int digit = static_cast<int>(input->Number(10));
    parts->stamp += static_cast<char>('0' + digit);
    if (i < 3) parts->millisecond = parts->millisecond * 10 + digit;
  }
  for (size_t i = digits; i < 3; ++i) parts->millisecond *= 10;
}

void ChooseZone(FuzzInput* input, Parts* parts) {
  const size_t form = input->Number(5);
  if (form == 0) return;
  if (form == 1) {
    parts->stamp += 'Z';
    parts->utc_offset_s = 0;
    return;
  }
  const bool west = input->Flag();
  const int hours = static_cast<int>(input->Number(15));
  const int minutes = form == 2 ? 0 : static_cast<int>(input->Number(60));
  char text[16];
  std::snprintf(text, sizeof text,
                form == 2   ? "%c%02d"
                : form == 3 ? "%c%02d%02d"
                            : "%c%02d:%02d",
                west ? '-' : '+', hours, minutes);
  parts->stamp += text;
  parts->utc_offset_s = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
}

// Returns the bytes of the input that `allowed` accepts.
template <typename Allowed>
std::string Filtered(FuzzInput* input, size_t size, Allowed allowed) {
  std::string text;
  for (const char c : input->Take(size)) {
    if (allowed(c)) text += c;
  }
  return text;
}

std::string ChoosePrefix(FuzzInput* input) {
  static constexpr const char* kPrefixes[] = {
      "", "[123] ", "[123] [container_e12_1700000000000_0042_01_000001] ", "driver | "};
  std::string prefix = Choose(input, kPrefixes);
  // Glued text. Without digits, since a stamp in it would be the header's.
  prefix += Filtered(input, input->Number(64),
                     [](char c) { return c != '\n' && !(c >= '0' && c <= '9'); });
  // Lines of container runtimes, stack traces and JSON have no header.
  for (size_t at = prefix.find("std"); at != std::string::npos; at = prefix.find("std", at)) {
    prefix[at] = '_';
  }
  if (!prefix.empty() && prefix[0] != '[') prefix[0] = ' ';
  return prefix;
}

std::string ChooseLogger(FuzzInput* input) {
  static constexpr const char* kLoggers[] = {
      "MicroBatchExecution", "org.apache.spark.sql.execution.streaming.MicroBatchExecution", "L",
      "Outer$Inner", "_x"};
  std::string logger = Choose(input, kLoggers);
  return logger += Filtered(input, input->Number(32), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '.' || c == '_' || c == '$';
         });
}

std::string ChooseThread(FuzzInput* input) {
  static constexpr std::string_view kRunId = ", runId = ";
  static constexpr const char* kThreads[] = {"main", "Thread-4", "dag-scheduler-event-loop",
                                             "Executor task launch worker [x [y]] 7", ""};
  const size_t size = input->Number(400);
  if (size == 0) return Choose(input, kThreads);
  std::string name = Filtered(input, size, [](char c) { return c != '\n'; });
  // A query's name may contain anything except the text that ends a name.
  while (name.find(kRunId) != std::string::npos) name.erase(name.find(kRunId), 1);
  return "stream execution thread for " + name + " [id = 47d72164-45ae-41fe-8e01-e5d7df1e0a37" +
         std::string(kRunId) + "a5e6c0cf-3de1-4ca2-8a27-f8c7da0fd35d]";
}

Parts ChooseParts(FuzzInput* input) {
  Parts parts;
  ChooseTime(input, &parts);
  ChooseFraction(input, &parts);
  ChooseZone(input, &parts);
  parts.prefix = ChoosePrefix(input);
  parts.level = Choose(input, kLevels);
  parts.logger = ChooseLogger(input);
  parts.thread = ChooseThread(input);
  parts.message = "Streaming query " + Filtered(input, 200, [](char c) { return c != '\n'; });
  return parts;
}

// Prints `parts` in a layout, and clears the parts that the layout does not print.
std::string Print(FuzzInput* input, Parts* parts) {
  const std::string number = input->Flag() ? ":" + std::to_string(input->Number(3000)) : "";
  const std::string padded = parts->level + std::string(input->Number(2), ' ');
  const std::string start = parts->prefix + parts->stamp;
  const std::string thread = " [" + parts->thread + "]";
  switch (input->Number(6)) {
    case 0:
      return start + " " + padded + thread + " " + parts->logger + number + " - " + parts->message;
    case 1:
      return start + " " + padded + " " + parts->logger + number + thread + " " + parts->message;
    case 2:
      return start + thread + " " + padded + " " + parts->logger + number + ": " + parts->message;
    case 3:
      parts->prefix += "[";
      return parts->prefix + parts->stamp + "] " + padded + thread + " " + parts->logger + number +
             ": " + parts->message;
    case 4:
      return start + " " + padded + thread + " (" + parts->logger + number + ") " + parts->message;
    default:
      parts->thread.clear();
      return start + " " + padded + " " + parts->logger + number + ": " + parts->message;
  }
}

void RequireSame(std::string_view line, std::string_view what, std::string_view read,
                 std::string_view printed) {
  if (read == printed) return;
  std::fprintf(stderr, "%.*s of \"%.*s\" was read as \"%.*s\"\n", static_cast<int>(what.size()),
               what.data(), static_cast<int>(line.size()), line.data(),
               static_cast<int>(read.size()), read.data());
  Require(false, "a header that was printed is read back");
}

void CheckReadBack(FuzzInput* input) {
  Parts parts = ChooseParts(input);
  const std::string line = Print(input, &parts);
  const std::optional<Header> read = ParseHeader(line);
  RequireSame(line, "header", read ? "one" : "none", "one");
  RequireSame(line, "prefix", read->prefix, parts.prefix);
  RequireSame(line, "stamp", line.substr(read->prefix.size(), read->stamp.length), parts.stamp);
  RequireSame(line, "level", read->level, parts.level);
  RequireSame(line, "logger", read->logger, parts.logger);
  RequireSame(line, "thread", read->thread, parts.thread);
  RequireSame(line, "message", line.substr(read->message), parts.message);
  Require(read->stamp.time == parts.time, "time is read back");
  Require(read->stamp.millisecond == parts.millisecond, "milliseconds are read back");
  Require(read->stamp.utc_offset_s == parts.utc_offset_s, "zone is read back");
}

void Run(FuzzInput input) {
  // A separate allocation, so that ASan sees reads beyond its end.
  const std::string line(input.rest());
  CheckAnyLine(line);
  CheckReadBack(&input);
}

}  // namespace
}  // namespace sparktail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sparktail::fuzz::Run(sparktail::fuzz::FuzzInput(data, size));
  return 0;
}
