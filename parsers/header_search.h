#pragma once

#include <cstdint>

#include "parsers/header.h"
#include "parsers/window.h"

namespace sparktail {

// Searches for the next line that is a header, line by line. The result does not depend on how the
// stream is cut into windows. The first kMaxHeaderBytes bytes of a line decide if it is a header.
class HeaderSearch {
 public:
  enum class Result : uint8_t {
    kFound,     // the line at line() is a header
    kLimit,     // no header begins before the limit
    kNeedMore,  // no header so far: call again with a later window
  };

  HeaderSearch() = default;
  // `line` is the start of a line. With `skip_line` it is any place in a line, and the search
  // begins with the next line.
  HeaderSearch(uint64_t line, bool skip_line) : line_(line), scanned_(line), decided_(skip_line) {}

  // Continues the search. The window need not hold lines before line(). `limit` may be UINT64_MAX.
  Result Next(const Window& window, uint64_t limit);

  // Counts lines longer than `size` in long_lines(), including the line that is being read.
  void CountLongLines(uint64_t size) { long_size_ = size; }
  uint64_t long_lines() const { return long_lines_; }

  // Moves past the header after kFound.
  void Pass() { found_ = false; }

  // The offset of the current line; after kFound, of the header.
  uint64_t line() const { return line_; }

  // All bytes of the window before this offset belong to lines that are not headers.
  uint64_t no_header_before(const Window& window) const {
    return decided_ && !found_ ? window.end() : line_;
  }

 private:
  uint64_t line_ = 0;     // the current line
  uint64_t scanned_ = 0;  // no newline in [line_, scanned_)
  bool decided_ = false;  // it is known if the line is a header
  bool found_ = false;    // the line is a header
  uint64_t long_size_ = UINT64_MAX;
  uint64_t long_lines_ = 0;
  bool long_counted_ = false;  // the line is counted in long_lines_
};

}  // namespace sparktail
