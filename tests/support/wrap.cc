#include "tests/support/wrap.h"

#include <algorithm>
#include <cstdio>

namespace sparktail::testing {
namespace {

// Part after part of what was written to one stream.
class Parts {
 public:
  Parts(std::string_view text, size_t size) : rest_(text), size_(size) {}

  bool done() const { return rest_.empty(); }

  // With the newline, if it is the end of a line.
  std::string_view Next() {
    const size_t line = std::min(rest_.find('\n'), rest_.size());
    const size_t end = line > size_ ? size_ : std::min(line + 1, rest_.size());
    const std::string_view part = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return part;
  }

 private:
  std::string_view rest_;
  size_t size_;
};

class Clock {
 public:
  // As Go prints time.RFC3339Nano: without trailing zeros.
  std::string Docker() {
    std::string time = Next();
    time.erase(time.find_last_not_of('0') + 1);
    return time + "Z";
  }
  std::string Cri() { return Next() + "Z"; }

 private:
  std::string Next() {
    nanoseconds_ += 137'031;
    char text[64];
    const long long seconds = nanoseconds_ / 1'000'000'000;
    std::snprintf(text, sizeof text, "2026-01-01T%02lld:%02lld:%02lld.%09lld", seconds / 3600 % 24,
                  seconds / 60 % 60, seconds % 60, nanoseconds_ % 1'000'000'000);
    return text;
  }

  long long nanoseconds_ = 0;
};

// As Docker's jsonlog does: <, >, & and the two separators of JavaScript are escaped.
std::string DockerString(std::string_view text) {
  std::string out = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const std::string_view separator = text.substr(i, 3);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&') {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else if (separator == "\xE2\x80\xA8" || separator == "\xE2\x80\xA9") {
      out += separator == "\xE2\x80\xA8" ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string WrapPart(std::string_view part, bool is_stderr, const WrapOptions& options,
                     Clock* clock) {
  const std::string stream = is_stderr ? "stderr" : "stdout";
  if (options.wrapping == Wrapping::kCri) {
    const bool ends = part.ends_with('\n');
    if (ends) part.remove_suffix(1);
    return clock->Cri() + " " + stream + (ends ? " F " : " P ") + std::string(part) + "\n";
  }
  const std::string log = "\"log\":" + DockerString(part);
  const std::string time = "\"time\":\"" + clock->Docker() + "\"";
  if (!options.unusual) return "{" + log + ",\"stream\":\"" + stream + "\"," + time + "}\n";
  return "{\"attrs\":{\"tag\":\"a\\\"}b\",\"n\":[1,{}]}, " + time + " , \"stream\" : \"" + stream +
         "\",\"x\":null," + log + "}\n";
}

}  // namespace

std::string Wrap(std::string_view standard_output, std::string_view standard_error,
                 const WrapOptions& options, const std::function<bool()>& next) {
  Parts parts[] = {{standard_output, options.part}, {standard_error, options.part}};
  Clock clock;
  std::string wrapped;
  while (!parts[0].done() || !parts[1].done()) {
    const bool is_stderr = parts[0].done() || (next() && !parts[1].done());
    wrapped += WrapPart(parts[is_stderr ? 1 : 0].Next(), is_stderr, options, &clock);
  }
  return wrapped;
}

std::string Wrap(std::string_view standard_error, const WrapOptions& options) {
  return Wrap("", standard_error, options, [] { return true; });
}

}  // namespace sparktail::testing
