#include "parsers/foreign_text.h"

#include <string>

namespace sparktail {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Length of the JSON number at the beginning of `text`, 0 if there is none.
size_t NumberLength(std::string_view text) {
  size_t at = text.starts_with('-') ? 1 : 0;
  const size_t digits = at;
  while (at < text.size() && (IsDigit(text[at]) || text[at] == '.' || text[at] == 'e' ||
                              text[at] == 'E' || text[at] == '+' || text[at] == '-')) {
    ++at;
  }
  return at > digits && IsDigit(text[digits]) ? at : 0;
}

// Length of the JSON string at the beginning of `text` (a quote), 0 if it does not end.
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

std::string_view WithoutReturn(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Where log4j may have ended a piece: the only such own offset in [begin, end]; 0 if there is none,
// or more than one.
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

bool IsBlank(std::string_view text) { return text.find_first_not_of(' ') == text.npos; }

// True if `line` may end with a line of pretty-printed JSON, to which another writer's text was
// glued: taking the line away would take that away too.
bool MayEndWithJsonLine(std::string_view line) {
  for (size_t at = line.find_first_of("\"{}[]"); at != std::string_view::npos;
       at = line.find_first_of("\"{}[]", at + 1)) {
    const std::string_view end = line.substr(at);
    if (!IsJsonTokens(end)) continue;
    if (end[0] != '"' || end.find("\" : ") != std::string_view::npos) return true;
  }
  return false;
}

// True if `head` ends with a number that `rest` does not go on with: its last digits may have gone
// with the text between, if that had no line end of its own.
bool MayLackDigits(std::string_view head, std::string_view rest) {
  if (head.empty() || !IsDigit(head.back()) || !IsJsonTokens(head)) return false;
  return rest.starts_with(' ') || rest.starts_with('}') || rest.starts_with(']');
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
      if (IsJsonTokens(WithoutReturn(line))) {
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

  // Takes the line at at_, put together across the foreign text that cuts it.
  bool TakeCutLine(std::string_view line) {
    const size_t piece = OnlyPieceEnd(own_, own_ + line.size());
    if (piece == 0) return false;
    const std::string_view head = line.substr(0, piece - own_);
    const size_t foreign = at_ + head.size();
    if (IsBlank(head) && MayEndWithJsonLine(WithoutReturn(line.substr(head.size())))) return false;
    for (size_t tail = LineEnd(record_, foreign) + 1; tail < record_.size();
         tail = LineEnd(record_, tail) + 1) {
      const std::string_view rest = record_.substr(tail, LineEnd(record_, tail) - tail);
      if (!IsJsonTokens(WithoutReturn(std::string(head).append(rest)))) {
        if (IsBlank(head) && MayEndWithJsonLine(WithoutReturn(rest))) return false;
        continue;
      }
      if (MayLackDigits(head, rest)) return false;
      Take(head);
      foreign_ += tail - foreign;
      at_ = tail;
      Take(rest);
      return true;
    }
    return false;
  }

  std::string_view record_;
  size_t at_;   // position in the record as it stands in the log
  size_t own_;  // the same position in what log4j wrote
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
