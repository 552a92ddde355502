#include "parsers/foreign_text.h"

#include <algorithm>
#include <string>

#include "parsers/text.h"

namespace sparktail {
namespace {

// Returns the length of the JSON number at the beginning of `text`, 0 if there is none.
size_t NumberLength(std::string_view text) {
  size_t at = text.starts_with('-') ? 1 : 0;
  const size_t digits = at;
  while (at < text.size() && (IsDigit(text[at]) || text[at] == '.' || text[at] == 'e' ||
                              text[at] == 'E' || text[at] == '+' || text[at] == '-')) {
    ++at;
  }
  return at > digits && IsDigit(text[digits]) ? at : 0;
}

// `text` begins with a quote. Returns the length of the JSON string, 0 if it does not end.
size_t StringLength(std::string_view text) {
  for (size_t at = 1; at < text.size(); ++at) {
    if (static_cast<unsigned char>(text[at]) < 0x20) return 0;
    if (text[at] == '"') return at + 1;
    if (text[at] == '\\') ++at;
  }
  return 0;
}

size_t TokenLength(std::string_view text) {
  switch (text[0]) {
    case ' ':
    case ',':
    case ':':
    case '{':
    case '}':
    case '[':
    case ']':
      return 1;
    case '"':
      return StringLength(text);
    default:
      break;
  }
  for (const std::string_view word : {"true", "false", "null"}) {
    if (text.starts_with(word)) return word.size();
  }
  return NumberLength(text);
}

size_t LineEnd(std::string_view text, size_t at) {
  const size_t newline = text.find('\n', at);
  return newline == std::string_view::npos ? text.size() : newline;
}

// Returns the only offset in [begin, end] of the record's own bytes at which log4j may have ended a
// piece; 0 if there is none, or more than one.
size_t OnlyPieceEnd(size_t begin, size_t end) {
  static constexpr size_t kOddPiece = 512;
  size_t only = 0;
  for (const size_t odd : {size_t{0}, kOddPiece}) {
    size_t piece = kLog4jPiece + odd;
    if (begin > piece) piece += (begin - piece + kLog4jPiece - 1) / kLog4jPiece * kLog4jPiece;
    if (piece > end) continue;
    if (only != 0 || piece + kLog4jPiece <= end) return 0;
    only = piece;
  }
  return only;
}

// True if `line` may end with a line of pretty-printed JSON, glued to another writer's text: then
// removing the line would remove that JSON. Also true if it takes too long to find out.
bool MayEndWithJsonLine(std::string_view line) {
  static constexpr char kBegins[] = "\"{}[]";
  int tries = 16;
  for (size_t at = line.find_first_of(kBegins); at != std::string_view::npos;
       at = line.find_first_of(kBegins, at + 1)) {
    if (tries-- == 0) return true;
    const std::string_view end = line.substr(at);
    if (!IsJsonTokens(end)) continue;
    if (end[0] != '"' || end.find("\" : ") != std::string_view::npos) return true;
  }
  return false;
}

// The beginning of a line that was cut: whole tokens, and maybe the beginning of another one.
class CutLine {
 public:
  explicit CutLine(std::string_view head) : head_(head) {
    std::string_view left = head;
    while (!left.empty()) {
      const size_t length = TokenLength(left);
      if (length == 0) break;
      left.remove_prefix(length);
    }
    partial_ = left;
  }

  // True if the line reads as JSON when `rest` continues it.
  bool EndsWith(std::string_view rest) const {
    if (partial_ == "\r") return rest.empty();  // of a CRLF
    if (!partial_.starts_with('"')) {
      // A number or a word. A number that looks whole may continue.
      static constexpr size_t kLongest = 64;
      const std::string_view last = partial_.empty() ? LastNumber() : partial_;
      if (last.size() > kLongest) return false;
      return IsJsonTokens(std::string(last).append(rest));
    }
    // A string ends at the first quote that is not escaped.
    size_t at = EndsInEscape() ? 1 : 0;
    while (at < rest.size() && rest[at] != '"') {
      if (static_cast<unsigned char>(rest[at]) < 0x20) return false;
      at += rest[at] == '\\' ? 2 : 1;
    }
    return at < rest.size() && IsJsonTokens(rest.substr(at + 1));
  }

  // True if the line ends with a number that `rest` does not continue. If the text between has no
  // line end of its own, the number's last digits may have been removed with it.
  bool MayLackDigits(std::string_view rest) const {
    if (!partial_.empty() || LastNumber().empty()) return false;
    // A new line is indented by a multiple of two; a continuation, as in "17 ],", is not.
    const size_t indent = rest.find_first_not_of(' ');
    return indent != std::string_view::npos && indent % 2 == 0 &&
           (indent > 0 || rest[0] == '}' || rest[0] == ']');
  }

  bool IsBlank() const { return head_.find_first_not_of(' ') == std::string_view::npos; }

 private:
  // Returns the number at the end of the whole tokens; empty if there is none. The e of `true` is
  // not a number.
  std::string_view LastNumber() const {
    const size_t before = head_.find_last_not_of("0123456789.eE+-");
    const std::string_view last = head_.substr(before == std::string_view::npos ? 0 : before + 1);
    return !last.empty() && (IsDigit(last[0]) || last[0] == '-') ? last : std::string_view();
  }

  bool EndsInEscape() const {
    const size_t other = partial_.find_last_not_of('\\');
    return (partial_.size() - other) % 2 == 0;
  }

  std::string_view head_;
  std::string_view partial_;  // the beginning of a token that does not end in head_
};

bool IsIndented(std::string_view line) { return line.starts_with(' ') || line.starts_with('}'); }

// True if the line may be one of Spark's pretty print. That has no blank line, no line but the last
// that is not indented, and no line that begins with a number or a word.
bool IsOwnLine(std::string_view line) {
  const std::string_view text = WithoutReturn(line);
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos || (first == 0 && text[0] != '}' && text != "{")) {
    return false;
  }
  return std::string_view("\"{}]").find(text[first]) != std::string_view::npos &&
         IsJsonTokens(text);
}

// True if the line may belong to a whole piece of the record between two foreign texts. Such a
// piece holds a whole line of the record, or else one line is at least half of the piece.
bool MayHoldPiece(std::string_view line) {
  return line.size() >= kLog4jPiece / 2 || IsOwnLine(line);
}

class Lifter {
 public:
  Lifter(std::string_view record, size_t json, ByteBuffer* out)
      : record_(record), at_(json), own_(json), out_(out) {}

  std::optional<Lifted> Run() {
    const size_t begin = out_->size();
    bool closed = false;
    while (!closed && at_ < record_.size()) {
      const std::string_view line = record_.substr(at_, LineEnd(record_, at_) - at_);
      const size_t line_out = out_->size();
      if (IsOwnLine(line)) {
        Take(line);
      } else if (!TakeCutLine(line)) {
        break;
      }
      closed = out_->view().substr(line_out).starts_with('}');
      if (!closed) TakeNewline();
    }
    if (closed && foreign_ > 0) return Lifted{out_->size() - begin, at_, foreign_};
    out_->Truncate(begin);
    return std::nullopt;
  }

 private:
  void Take(std::string_view text) {
    out_->Append(text);
    own_ += text.size();
    at_ += text.size();
  }

  void TakeNewline() {
    if (at_ < record_.size()) Take(record_.substr(at_, 1));
  }

  // Takes the two parts of the line at at_, and skips the foreign text between them.
  bool TakeCutLine(std::string_view line) {
    const size_t piece = OnlyPieceEnd(own_, own_ + line.size());
    if (piece == 0 || piece - own_ > kLog4jPiece) return false;
    const std::string_view head = line.substr(0, piece - own_);
    if (!head.empty() && !IsIndented(head)) return false;
    const CutLine cut(head);
    const size_t foreign = at_ + head.size();
    for (size_t begin = foreign;;) {
      const size_t end = LineEnd(record_, begin);
      const std::string_view removed = record_.substr(begin, end - begin);
      if (end + 1 >= record_.size() || MayHoldPiece(removed)) return false;
      if (cut.IsBlank() && MayEndWithJsonLine(WithoutReturn(removed))) return false;
      begin = end + 1;
      const std::string_view rest = record_.substr(begin, LineEnd(record_, begin) - begin);
      if (!cut.EndsWith(WithoutReturn(rest))) continue;
      if (cut.MayLackDigits(rest)) return false;
      Take(head);
      foreign_ += begin - foreign;
      at_ = begin;
      Take(rest);
      return true;
    }
  }

  std::string_view record_;
  size_t at_;   // position in the record, with foreign text
  size_t own_;  // the same position in the bytes that log4j wrote
  size_t foreign_ = 0;
  ByteBuffer* out_;
};

}  // namespace

bool IsJsonTokens(std::string_view line) {
  while (!line.empty()) {
    const size_t length = TokenLength(line);
    if (length == 0) return false;
    line.remove_prefix(length);
  }
  return true;
}

std::optional<Lifted> LiftForeignText(std::string_view record, size_t json, ByteBuffer* out) {
  if (record.size() <= kLog4jPiece) return std::nullopt;
  return Lifter(record, json, out).Run();
}

}  // namespace sparktail
