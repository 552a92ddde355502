#include "parsers/header_search.h"

#include <algorithm>

namespace sparktail {

HeaderSearch::Result HeaderSearch::Next(const Window& window, uint64_t limit) {
  if (found_) return Result::kFound;
  while (line_ <= limit) {
    const uint64_t newline = window.FindNewline(std::max(scanned_, window.begin));
    const bool complete = newline < window.end() || window.last;
    if (!decided_ && (complete || newline - line_ >= kMaxHeaderBytes)) {
      decided_ = true;
      const uint64_t begin = std::max(line_, window.begin);
      const uint64_t size = std::min<uint64_t>(newline - begin, kMaxHeaderBytes);
      found_ = ParseHeader(window.Text(begin, begin + size)).has_value();
      if (found_) return Result::kFound;
    }
    scanned_ = newline;
    if (newline - line_ > long_size_ && !long_counted_) {
      long_counted_ = true;
      ++long_lines_;
    }
    if (newline == window.end()) {
      return decided_ && newline > limit ? Result::kLimit : Result::kNeedMore;
    }
    line_ = scanned_ = newline + 1;
    decided_ = long_counted_ = false;
  }
  return Result::kLimit;
}

}  // namespace sparktail
