#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sparktail {

inline constexpr std::string_view kUtf8Replacement = "\xEF\xBF\xBD";  // U+FFFD

struct Utf8Sequence {
  size_t length;  // in bytes; for an invalid sequence, of its maximal subpart
  bool valid;
};

// Returns the UTF-8 sequence at `at`, according to table 3-7 of the Unicode standard. Inline for
// the parser, which calls it for nearly each byte of an event.
inline Utf8Sequence NextUtf8Sequence(std::string_view text, size_t at) {
  const auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(at);
  if (lead < 0x80) return {1, true};
  size_t more = 0;
  uint8_t low = 0x80;
  uint8_t high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    more = 1;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    more = 2;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    more = 3;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {1, false};
  }
  for (size_t i = 1; i <= more; ++i) {
    if (at + i >= text.size() || byte(at + i) < low || byte(at + i) > high) return {i, false};
    low = 0x80;
    high = 0xBF;
  }
  return {more + 1, true};
}

// Returns `text` cut to at most `max_size` bytes, never inside a character. Each maximal run of
// bytes that is not UTF-8 becomes one U+FFFD (as the WHATWG's decoder and Python's
// errors="replace" do).
std::string ValidUtf8(std::string_view text, size_t max_size);

}  // namespace sparktail
