#pragma once

#include <cstdint>

#include "parsers/header.h"
#include "parsers/window.h"

namespace sparktail {

// Looks for the next line that is a header, line by line, however the stream is cut into
// windows. Whether a line is one is decided from its first kMaxHeaderBytes bytes.
class HeaderSearch {
 public:
  enum class Result : uint8_t {
    kFound,     // the line at line() is a header
    kLimit,     // none begins before the limit
    kNeedMore,  // none so far: call again with a later window
  };

  HeaderSearch() = default;
  // `line` is where a line begins. Or, with `skip_line`, some place in a line that is not asked
  // about: the search begins with the next one.
  HeaderSearch(uint64_t line, bool skip_line) : line_(line), scanned_(line), decided_(skip_line) {}

  // Goes on. The window need not hold lines that were passed; `limit` may be UINT64_MAX.
  Result Next(const Window& window, uint64_t limit);

  // How many lines longer than `size` have been passed or begun.
  void CountLongLines(uint64_t size) { long_size_ = size; }
  uint64_t long_lines() const { return long_lines_; }

  // After kFound: leaves the line behind.
  void Pass() { found_ = false; }

  // The line looked at: that of the header after kFound.
  uint64_t line() const { return line_; }

  // All bytes of the window before this offset belong to lines that are no headers.
  uint64_t no_header_before(const Window& window) const {
    return decided_ && !found_ ? window.end() : line_;
  }

 private:
  uint64_t line_ = 0;     // the line looked at
  uint64_t scanned_ = 0;  // no newline in [line_, scanned_)
  bool decided_ = false;  // it is known whether the line is a header
  bool found_ = false;    // it is one
  uint64_t long_size_ = UINT64_MAX;
  uint64_t long_lines_ = 0;
  bool long_counted_ = false;  // the line is among long_lines_
};

}  // namespace sparktail
