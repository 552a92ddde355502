#include "parsers/header.h"

#include <algorithm>
#include <array>

#include "parsers/text.h"

namespace sparktail {
namespace {

constexpr std::string_view kStreamThread = "stream execution thread for ";

bool IsLoggerByte(char c) {
  return IsAlpha(c) || IsDigit(c) || c == '.' || c == '_' || c == '$' || c == '-' || c == '/';
}

bool IsLevel(std::string_view word) {
  static constexpr std::array<std::string_view, 6> kLevels = {"INFO",  "WARN",  "ERROR",
                                                              "DEBUG", "TRACE", "FATAL"};
  return std::find(kLevels.begin(), kLevels.end(), word) != kLevels.end();
}

// Reads the fields after a stamp, from left to right.
class FieldReader {
 public:
  FieldReader(std::string_view line, size_t at, Header* header)
      : line_(line), at_(at), header_(header) {}

  // Returns true if level, logger and the beginning of the message were found.
  bool Read() {
    if (At(']')) ++at_;  // "[2026-11-21 15:34:03,736] INFO …"
    while (SkipSpaces()) {
      if (At('[')) {
        if (header_->thread.empty() || header_->level.empty()) {
          if (!ReadBrackets()) return false;
          if (Complete() && !At(':') && !Ahead(" - ")) return EndHeader();
          if (!Complete() && At(':')) ++at_;  // "INFO  [main]: SparkContext (…) - "
          continue;
        }
        return Complete() && EndHeader();
      }
      if (At('(')) {
        if (!ReadParentheses()) return false;
        continue;
      }
      if (Ahead("- ") && Complete()) {
        at_ += 2;
        return EndHeader();
      }
      if (At(':') && Complete()) {
        ++at_;
        return EndHeader();
      }
      if (Complete()) return EndHeader();
      if (!ReadWord()) return false;
      if (Complete() && Ahead(": ")) {
        at_ += 2;
        return EndHeader();
      }
      if (Complete() && At(':') && at_ + 1 == line_.size()) {
        ++at_;
        return EndHeader();
      }
    }
    return false;
  }

 private:
  bool At(char c) const { return at_ < line_.size() && line_[at_] == c; }
  bool Ahead(std::string_view text) const { return line_.substr(at_, text.size()) == text; }
  bool Complete() const { return !header_->level.empty() && !header_->logger.empty(); }

  // False at the end of the line.
  bool SkipSpaces() {
    while (At(' ') || At('\t')) ++at_;
    return at_ < line_.size();
  }

  bool EndHeader() {
    while (At(' ')) ++at_;
    header_->message = at_;
    return true;
  }

  // Reads [LEVEL] or [thread].
  bool ReadBrackets() {
    const size_t begin = at_ + 1;
    const size_t end = ThreadEnd(begin);
    if (end == std::string_view::npos) return false;
    const std::string_view content = line_.substr(begin, end - begin);
    at_ = end + 1;
    while (At(']')) ++at_;  // %15.15t cuts a name and its opening brackets
    if (IsLevel(content) && header_->level.empty()) {
      header_->level = content;
    } else if (header_->thread.empty()) {
      header_->thread = content;
    }
    return true;
  }

  // Returns the position of the bracket that closes a thread's name.
  size_t ThreadEnd(size_t begin) const {
    if (line_.substr(begin, kStreamThread.size()) == kStreamThread) {
      // The raw name of a query may contain any brackets; its ids follow it.
      static constexpr std::string_view kRunId = ", runId = ";
      constexpr size_t kUuid = 36;
      for (size_t run = line_.find(kRunId, begin); run != std::string_view::npos;
           run = line_.find(kRunId, run + 1)) {
        const size_t close = run + kRunId.size() + kUuid;
        if (close < line_.size() && line_.substr(close, 2) == "]]") return close + 1;
      }
    }
    int depth = 1;
    for (size_t i = begin; i < line_.size(); ++i) {
      if (line_[i] == '[') ++depth;
      if (line_[i] == ']' && --depth == 0) return i;
    }
    return line_.find(']', begin);
  }

  // Reads (logger:line) or, after a logger, %F:%M(%L): (Logging.scala:logInfo(54)).
  bool ReadParentheses() {
    ++at_;
    if (header_->logger.empty()) {
      if (!ReadWord() || !At(')')) return false;
      ++at_;
      return true;
    }
    int depth = 1;
    for (; at_ < line_.size() && depth > 0; ++at_) {
      if (line_[at_] == '(') ++depth;
      if (line_[at_] == ')') --depth;
    }
    return depth == 0;
  }

  // Reads a level, or a logger with its line number.
  bool ReadWord() {
    const size_t begin = at_;
    if (begin == line_.size()) return false;
    if (!IsAlpha(line_[begin]) && line_[begin] != '_' && line_[begin] != '$') return false;
    while (at_ < line_.size() && IsLoggerByte(line_[at_])) ++at_;
    const std::string_view word = line_.substr(begin, at_ - begin);
    if (header_->level.empty() && IsLevel(word)) {
      header_->level = word;
      return At(' ') || At(':') || At('\t');
    }
    if (!header_->logger.empty()) return false;
    header_->logger = word;
    if (At(':') && at_ + 1 < line_.size() && IsDigit(line_[at_ + 1])) {
      ++at_;
      while (at_ < line_.size() && IsDigit(line_[at_])) ++at_;
    }
    return At(' ') || At(':') || At(')') || At('\t');
  }

  std::string_view line_;
  size_t at_;
  Header* header_;
};

// True for lines that are not headers, even if they contain the text of one.
bool IsNeverHeader(std::string_view line) {
  // A line of JSON (a JSON layout, Docker's json-file) contains escaped text.
  if (line.starts_with("{\"")) return true;
  // Stack traces quote messages verbatim, in frames and in `java.io.IOException: …`.
  if (line.starts_with('\t') || line.starts_with("Caused by: ")) return true;
  size_t end = 0;
  bool qualified = false;
  while (end < line.size() && (IsAlpha(line[end]) || IsDigit(line[end]) || line[end] == '_' ||
                               line[end] == '$' || line[end] == '.')) {
    qualified = qualified || (line[end] == '.' && end > 0);
    ++end;
  }
  return qualified && IsAlpha(line[0]) && line.substr(end).starts_with(": ");
}

// True after TIME stdout|stderr P|F: a container runtime of Kubernetes wrapped the line, and may
// have cut the record.
bool EndsLikeCri(std::string_view prefix) {
  for (const std::string_view tag : {" stdout F ", " stderr F ", " stdout P ", " stderr P "}) {
    if (prefix.ends_with(tag)) return true;
  }
  return false;
}

// Returns the level that a layout prints before the stamp; empty if there is none.
std::string_view LastLevel(std::string_view prefix) {
  while (prefix.ends_with(' ') || prefix.ends_with(']')) prefix.remove_suffix(1);
  const size_t before = prefix.find_last_of(" [");
  const std::string_view word =
      before == std::string_view::npos ? prefix : prefix.substr(before + 1);
  return IsLevel(word) ? word : std::string_view();
}

std::optional<Header> ParseHeaderAt(std::string_view line, size_t at) {
  const std::optional<Stamp> stamp = ParseStamp(line.substr(at));
  if (!stamp) return std::nullopt;
  Header header;
  header.prefix = line.substr(0, at);
  header.stamp = *stamp;
  if (EndsLikeCri(header.prefix)) return std::nullopt;
  if (FieldReader(line, at + stamp->length, &header).Read()) return header;
  Header level_first;
  level_first.prefix = header.prefix;
  level_first.stamp = *stamp;
  level_first.level = LastLevel(header.prefix);
  if (level_first.level.empty()) return std::nullopt;
  if (FieldReader(line, at + stamp->length, &level_first).Read()) return level_first;
  return std::nullopt;
}

// Returns the start, at or after `from`, of the stamp whose hours end at `colon`; npos if there is
// none.
size_t StampBegin(std::string_view line, size_t from, size_t colon) {
  // dd:dd:dd follows a date of ten or eight bytes and a separator. Both sizes are tried, because a
  // short date with the two bytes before it may look like a long one that does not exist.
  for (const size_t before : {size_t{13}, size_t{11}}) {
    if (colon < from + before) continue;
    const size_t begin = colon - before;
    if (ParseStamp(line.substr(begin))) return begin;
  }
  return std::string_view::npos;
}

}  // namespace

size_t FindStamp(std::string_view line, size_t from) {
  for (size_t colon = line.find(':', from); colon != std::string_view::npos;
       colon = line.find(':', colon + 1)) {
    if (colon + 3 >= line.size() || line[colon + 3] != ':') continue;
    const size_t begin = StampBegin(line, from, colon);
    if (begin != std::string_view::npos) return begin;
  }
  return std::string_view::npos;
}

std::optional<Header> ParseHeader(std::string_view line) {
  if (IsNeverHeader(line)) return std::nullopt;
  // A hostile line may be full of stamps, so only the first few are tried.
  int tries = 16;
  line = line.substr(0, kMaxHeaderBytes);
  for (size_t begin = FindStamp(line, 0); begin != std::string_view::npos && tries > 0; --tries) {
    if (std::optional<Header> header = ParseHeaderAt(line, begin)) return header;
    // The next stamp is not inside this one: 2026/11/21 contains 26/11/21.
    begin = FindStamp(line, begin + ParseStamp(line.substr(begin))->length);
  }
  return std::nullopt;
}

std::string_view ShortLogger(std::string_view logger) {
  const size_t dot = logger.rfind('.');
  return dot == std::string_view::npos ? logger : logger.substr(dot + 1);
}

}  // namespace sparktail
