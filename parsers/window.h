#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "parsers/padded_view.h"

namespace sparktail {

// The part of a stream that a parser sees at once. Positions are offsets in the stream, so they
// stay valid in a later window.
struct Window {
  PaddedView bytes;
  uint64_t begin = 0;  // offset of the first byte
  bool last = false;   // the stream ends with this window

  uint64_t end() const { return begin + bytes.size(); }
  char at(uint64_t offset) const { return bytes[offset - begin]; }

  PaddedView Part(uint64_t from, uint64_t to) const { return bytes.Part(from - begin, to - from); }
  std::string_view Text(uint64_t from, uint64_t to) const { return Part(from, to).text(); }

  // Returns the offset of the first newline at or after `from`, or end().
  uint64_t FindNewline(uint64_t from) const {
    const size_t at = from < end() ? bytes.text().find('\n', from - begin) : std::string_view::npos;
    return at == std::string_view::npos ? end() : begin + at;
  }
};

}  // namespace sparktail
