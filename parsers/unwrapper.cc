#include "parsers/unwrapper.h"

#include <algorithm>
#include <cstring>

#include "parsers/text.h"

namespace sparktail {
namespace {

constexpr size_t kMostToRecognize = size_t{256} << 10;
constexpr size_t kLongestTime = 40;

// True if `text` begins like 2016-10-06T00:17:09; a shorter text may end anywhere in it.
bool MayBeTime(std::string_view text) {
  static constexpr std::string_view kShape = "0000-00-00T00:00:00";
  const size_t size = std::min(text.size(), kShape.size());
  for (size_t i = 0; i < size; ++i) {
    if (kShape[i] == '0' ? !IsDigit(text[i]) : text[i] != kShape[i]) return false;
  }
  return true;
}

// True for a time of RFC 3339. Its fraction and zone are not checked.
bool IsTime(std::string_view text) {
  return text.size() >= 20 && text.size() <= kLongestTime && MayBeTime(text);
}

enum class Answer : uint8_t { kYes, kNo, kNeedMore };

// The part of a CRI line before its text.
struct CriHead {
  Answer is_cri = Answer::kNo;
  StdStream stream = StdStream::kStdout;
  bool is_part = false;
  size_t text = 0;  // offset of the text in the line
};

// `ended`: `line` is the whole line.
CriHead ReadCriHead(std::string_view line, bool ended) {
  CriHead head;
  if (!MayBeTime(line)) return head;
  static constexpr size_t kLeastTime = 20;
  const size_t space = line.substr(0, kLongestTime + 1).find(' ', kLeastTime);
  if (space == std::string_view::npos) {
    if (line.size() <= kLongestTime) head.is_cri = Answer::kNeedMore;
    return head;
  }
  static constexpr std::string_view kStdout = " stdout ";
  static constexpr std::string_view kStderr = " stderr ";
  const std::string_view name = line.substr(space, kStdout.size());
  if (name == kStderr) {
    head.stream = StdStream::kStderr;
  } else if (name != kStdout) {
    const bool may_become = kStdout.starts_with(name) || kStderr.starts_with(name);
    if (may_become) head.is_cri = Answer::kNeedMore;
    return head;
  }
  const size_t tag = space + name.size();
  if (tag < line.size() && line[tag] != 'F' && line[tag] != 'P') return head;
  size_t end = tag + 1;
  if (end > line.size() || (end == line.size() && !ended)) {
    head.is_cri = Answer::kNeedMore;
    return head;
  }
  head.is_part = line[tag] == 'P';
  if (end < line.size() && line[end] == ':') end = std::min(line.find(' ', end), line.size());
  if (end < line.size() && line[end] != ' ') return head;
  head.text = std::min(end + 1, line.size());
  head.is_cri = Answer::kYes;
  return head;
}

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Writes a code point as UTF-8, at most four bytes, and returns the end.
char* EncodeUtf8(uint32_t code, char* out) {
  const auto put = [&out](uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
  return out;
}

// Reads one line of Docker's json-file from left to right. Each step returns false if the line is
// malformed.
class DockerLine {
 public:
  // The text of the line replaces `content`.
  DockerLine(std::string_view line, ByteBuffer* content) : rest_(line), content_(content) {}

  bool Read() {
    content_->Clear();
    if (!Skip('{')) return false;
    do {
      std::string_view key;
      if (!ReadKey(&key) || !ReadMember(key)) return false;
    } while (Skip(','));
    if (!Skip('}')) return false;
    SkipSpace();
    return rest_.empty() && has_log_ && has_stream_;
  }

  StdStream stream() const { return stream_; }
  bool has_time() const { return has_time_; }

 private:
  void SkipSpace() {
    rest_.remove_prefix(std::min(rest_.size(), rest_.find_first_not_of(" \t\r\n")));
  }

  bool Skip(char c) {
    SkipSpace();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Reads a string without undoing its escapes.
  bool ReadString(std::string_view* text) {
    if (!Skip('"')) return false;
    size_t end = 0;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    if (end >= rest_.size()) return false;
    *text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return true;
  }

  bool ReadKey(std::string_view* key) { return ReadString(key) && Skip(':'); }

  bool ReadMember(std::string_view key) {
    std::string_view text;
    if (key == "log") {
      if (has_log_) return false;
      has_log_ = true;
      return Skip('"') && Unescape();
    }
    if (key == "stream") {
      if (has_stream_ || !ReadString(&text)) return false;
      has_stream_ = text == "stdout" || text == "stderr";
      stream_ = text == "stdout" ? StdStream::kStdout : StdStream::kStderr;
      return has_stream_;
    }
    if (key == "time") {
      if (!ReadString(&text)) return false;
      has_time_ = IsTime(text);
      return true;
    }
    return SkipValue();
  }

  // Skips a value of any type. Does not check that its content is JSON.
  bool SkipValue() {
    size_t depth = 0;
    while (true) {
      SkipSpace();
      if (rest_.empty()) return false;
      const char c = rest_.front();
      std::string_view text;
      if (c == '"') {
        if (!ReadString(&text)) return false;
      } else if (c == '{' || c == '[') {
        ++depth;
        rest_.remove_prefix(1);
        continue;
      } else if (depth > 0) {
        if (c == '}' || c == ']') --depth;
        rest_.remove_prefix(1);
      } else {
        const size_t size = std::min(rest_.find_first_of(",}] \t\r\n"), rest_.size());
        rest_.remove_prefix(size);
        return size > 0;
      }
      if (depth == 0) return true;
    }
  }

  // Appends the rest of a string to the content and undoes its escapes. That never makes it longer.
  bool Unescape() {
    char* const begin = content_->Reserve(rest_.size());
    char* out = begin;
    const char* in = rest_.data();
    const char* const end = in + rest_.size();
    while (in < end) {
      const size_t plain = CopyPlain(in, end, out);
      in += plain;
      out += plain;
      if (in == end) return false;
      if (*in == '"') {
        content_->Advance(static_cast<size_t>(out - begin));
        rest_.remove_prefix(static_cast<size_t>(in + 1 - rest_.data()));
        return true;
      }
      if (!UndoEscape(&in, end, &out)) return false;
    }
    return false;
  }

  // Copies the bytes before the next quote or backslash, and returns their number.
  static size_t CopyPlain(const char* in, const char* end, char* out) {
    static constexpr uint64_t kOnes = 0x0101010101010101;
    static constexpr uint64_t kHighBits = kOnes << 7;
    const auto has = [](uint64_t bytes, char c) {
      const uint64_t zero_if_c = bytes ^ kOnes * static_cast<unsigned char>(c);
      return ((zero_if_c - kOnes) & ~zero_if_c & kHighBits) != 0;
    };
    const char* const begin = in;
    for (; end - in >= 8; in += 8, out += 8) {
      uint64_t bytes = 0;
      std::memcpy(&bytes, in, sizeof bytes);
      if (has(bytes, '"') || has(bytes, '\\')) break;
      std::memcpy(out, &bytes, sizeof bytes);
    }
    while (in < end && *in != '"' && *in != '\\') *out++ = *in++;
    return static_cast<size_t>(in - begin);
  }

  // `*in` is at a backslash.
  static bool UndoEscape(const char** in, const char* end, char** out) {
    if (end - *in < 2) return false;
    static constexpr std::string_view kLetters = "\"\\/bfnrt";
    static constexpr std::string_view kBytes = "\"\\/\b\f\n\r\t";
    const char letter = (*in)[1];
    *in += 2;
    if (letter == 'u') return UndoUnicode(in, end, out);
    const size_t i = kLetters.find(letter);
    if (i == std::string_view::npos) return false;
    *(*out)++ = kBytes[i];
    return true;
  }

  // `*in` is after "\u". Half of a surrogate pair becomes U+FFFD.
  static bool UndoUnicode(const char** in, const char* end, char** out) {
    uint32_t code = 0;
    if (!ReadHex(*in, end, &code)) return false;
    *in += 4;
    uint32_t low = 0;
    const bool is_pair = code >= 0xD800 && code < 0xDC00 && end - *in >= 6 && (*in)[0] == '\\' &&
                         (*in)[1] == 'u' && ReadHex(*in + 2, end, &low) && low >= 0xDC00 &&
                         low < 0xE000;
    if (is_pair) {
      *in += 6;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xD800 && code < 0xE000) {
      code = 0xFFFD;
    }
    *out = EncodeUtf8(code, *out);
    return true;
  }

  static bool ReadHex(const char* in, const char* end, uint32_t* code) {
    if (end - in < 4) return false;
    *code = 0;
    for (int i = 0; i < 4; ++i) {
      const int value = HexValue(in[i]);
      if (value < 0) return false;
      *code = *code << 4 | static_cast<uint32_t>(value);
    }
    return true;
  }

  std::string_view rest_;
  ByteBuffer* content_;
  bool has_log_ = false;
  bool has_stream_ = false;
  bool has_time_ = false;
  StdStream stream_ = StdStream::kStdout;
};

}  // namespace

std::optional<Wrapping> RecognizeWrapping(std::string_view beginning, bool complete) {
  beginning = beginning.substr(0, kMostToRecognize);
  complete |= beginning.size() == kMostToRecognize;
  const size_t newline = beginning.find('\n');
  const bool has_line = complete || newline != std::string_view::npos;
  const std::string_view line = beginning.substr(0, newline);
  if (line.empty() && !has_line) return std::nullopt;
  if (line.starts_with('{')) {
    if (!has_line) return std::nullopt;
    ByteBuffer content;
    DockerLine docker(line, &content);
    return docker.Read() && docker.has_time() ? Wrapping::kDocker : Wrapping::kNone;
  }
  const Answer is_cri = ReadCriHead(line, has_line).is_cri;
  if (is_cri == Answer::kNeedMore && !has_line) return std::nullopt;
  return is_cri == Answer::kYes ? Wrapping::kCri : Wrapping::kNone;
}

std::optional<Unwrapper::Line> Unwrapper::Next(std::string_view raw, bool last) {
  if (raw.empty()) return std::nullopt;
  const size_t newline = raw.find('\n');
  const bool has_newline = newline != std::string_view::npos;
  const size_t size = has_newline ? newline + 1 : raw.size();
  if (in_foreign_line_ || size > kMaxWrappedLine) return Foreign(size, has_newline);
  if (!has_newline && !last) return std::nullopt;
  Line line;
  line.size = size;
  const std::string_view text = raw.substr(0, newline);
  if (wrapping_ == Wrapping::kCri) {
    const CriHead head = ReadCriHead(text, /*ended=*/true);
    if (head.is_cri != Answer::kYes) return Foreign(size, has_newline);
    line.stream = head.stream;
    const size_t end = head.is_part ? text.size() : size;
    line.content = raw.substr(head.text, end - head.text);
  } else {
    DockerLine docker(text, &scratch_->unescaped);
    if (!docker.Read()) return Foreign(size, has_newline);
    line.stream = docker.stream();
    line.content = scratch_->unescaped.view();
  }
  line.is_wrapped = true;
  return line;
}

// Returns `size` bytes of a foreign line. `ends`: they include its end.
Unwrapper::Line Unwrapper::Foreign(size_t size, bool ends) {
  if (!in_foreign_line_) ++foreign_lines_;
  in_foreign_line_ = !ends;
  Line line;
  line.size = size;
  return line;
}

}  // namespace sparktail
