#include "parsers/json_text.h"

#include <charconv>

#include "ingest/base/utf8.h"

namespace sparktail {
namespace {

template <typename Number>
void AppendNumber(Number value, ByteBuffer* out) {
  char* digits = out->Reserve(24);
  out->Advance(static_cast<size_t>(std::to_chars(digits, digits + 24, value).ptr - digits));
}

uint8_t Byte(std::string_view text, size_t at) { return static_cast<uint8_t>(text[at]); }

void AppendEscaped(char c, ByteBuffer* out) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      return out->Append("\\\"");
    case '\\':
      return out->Append("\\\\");
    case '\n':
      return out->Append("\\n");
    case '\r':
      return out->Append("\\r");
    case '\t':
      return out->Append("\\t");
    default:
      out->Append("\\u00");
      out->Append(kHex[static_cast<uint8_t>(c) >> 4]);
      out->Append(kHex[static_cast<uint8_t>(c) & 15]);
  }
}

bool NeedsEscape(uint8_t byte) {
  return byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7f;
}

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out->push_back(static_cast<char>(0xC0 | code >> 6));
    out->push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else if (code < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | code >> 12));
    out->push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    out->push_back(static_cast<char>(0xF0 | code >> 18));
    out->push_back(static_cast<char>(0x80 | (code >> 12 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

// Returns the value of the four hex digits at `at`, or -1.
int32_t HexAt(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return -1;
  int32_t value = 0;
  for (size_t i = at; i < at + 4; ++i) {
    const char c = text[i];
    int32_t digit = -1;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

// Undoes the \u escape whose backslash is at `at`. Returns its length in bytes, 0 if it is invalid.
size_t UnescapeUnicode(std::string_view raw, size_t at, std::string* out) {
  const int32_t first = HexAt(raw, at + 2);
  if (first < 0) return 0;
  if (first >= 0xD800 && first <= 0xDBFF && raw.substr(at + 6, 2) == "\\u") {
    const int32_t second = HexAt(raw, at + 8);
    if (second >= 0xDC00 && second <= 0xDFFF) {
      AppendUtf8(0x10000U + (static_cast<uint32_t>(first - 0xD800) << 10) +
                     static_cast<uint32_t>(second - 0xDC00),
                 out);
      return 12;
    }
  }
  const bool surrogate = first >= 0xD800 && first <= 0xDFFF;
  AppendUtf8(surrogate ? 0xFFFDU : static_cast<uint32_t>(first), out);
  return 6;
}

// Returns the character that a backslash and `c` stand for; 0 if they are not an escape.
char SimpleEscape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case '"':
    case '\\':
    case '/':
      return c;
    default:
      return 0;
  }
}

}  // namespace

bool AppendJsonString(std::string_view text, ByteBuffer* out) {
  bool valid = true;
  out->Append('"');
  size_t plain = 0;  // start of text that is not yet written and needs no change
  for (size_t at = 0; at < text.size();) {
    const uint8_t byte = Byte(text, at);
    const Utf8Sequence sequence = NextUtf8Sequence(text, at);
    if (sequence.valid && !NeedsEscape(byte)) {
      at += sequence.length;
      continue;
    }
    out->Append(text.substr(plain, at - plain));
    if (sequence.valid) {
      AppendEscaped(text[at], out);
    } else {
      out->Append(kUtf8Replacement);
      valid = false;
    }
    at += sequence.length;
    plain = at;
  }
  out->Append(text.substr(plain));
  out->Append('"');
  return valid;
}

size_t AppendValidUtf8(std::string_view text, ByteBuffer* out) {
  size_t replaced = 0;
  size_t plain = 0;
  for (size_t at = 0; at < text.size();) {
    const Utf8Sequence sequence = NextUtf8Sequence(text, at);
    if (!sequence.valid) {
      out->Append(text.substr(plain, at - plain));
      out->Append(kUtf8Replacement);
      plain = at + sequence.length;
      ++replaced;
    }
    at += sequence.length;
  }
  out->Append(text.substr(plain));
  return replaced;
}

void AppendInteger(int64_t value, ByteBuffer* out) { AppendNumber(value, out); }
void AppendCount(uint64_t value, ByteBuffer* out) { AppendNumber(value, out); }

std::string UnescapeJson(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  for (size_t at = 0; at < raw.size();) {
    if (raw[at] == '\\' && at + 1 < raw.size()) {
      if (const size_t taken = raw[at + 1] == 'u' ? UnescapeUnicode(raw, at, &text) : 0) {
        at += taken;
        continue;
      }
      if (const char simple = SimpleEscape(raw[at + 1])) {
        text.push_back(simple);
        at += 2;
        continue;
      }
    }
    text.push_back(raw[at++]);
  }
  return text;
}

std::string EscapeControls(std::string_view json) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string safe;
  safe.reserve(json.size());
  for (size_t i = 0; i < json.size(); ++i) {
    // C1 characters, U+0080 to U+009F, are C2 80 to C2 9F.
    const bool is_c1 =
        json[i] == '\xC2' && i + 1 < json.size() && static_cast<unsigned char>(json[i + 1]) < 0xA0;
    if (!is_c1 && json[i] != '\x7f') {
      safe += json[i];
      continue;
    }
    if (is_c1) ++i;
    const auto code = static_cast<unsigned char>(json[i]);
    safe.append("\\u00").append(1, kHex[code >> 4]).append(1, kHex[code & 15]);
  }
  return safe;
}

}  // namespace sparktail
