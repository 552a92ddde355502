#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "parsers/padded_view.h"

namespace sparktail::fuzz {

// Fails the run if `condition` is false; the fuzzer then keeps the input.
inline void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "oracle: %s\n", what);
  std::abort();
}

// Choices come from the end of an input and text from its front, so that a piece of a real log
// is a good input unchanged.
class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size) : text_(reinterpret_cast<const char*>(data), size) {}

  // Returns a number below `bound`; 0 once the input is used up.
  size_t Number(size_t bound) {
    size_t value = 0;
    for (size_t most = bound - 1; most > 0 && !text_.empty(); most >>= 8) {
      value = value << 8 | static_cast<uint8_t>(text_.back());
      text_.remove_suffix(1);
    }
    return value % bound;
  }
  bool Flag() { return Number(2) == 1; }

  std::string_view Take(size_t size) {
    const std::string_view taken = text_.substr(0, size);
    text_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view rest() const { return text_; }

 private:
  std::string_view text_;
};

// A copy of a text that ends exactly kPadding bytes before its memory does, so that ASan sees
// reads beyond it. The values in the padding must not matter.
class PaddedBytes {
 public:
  explicit PaddedBytes(std::string_view text, char padding = '\0', size_t shift = 0)
      : bytes_(new char[shift + text.size() + kPadding]),
        text_(bytes_.get() + shift),
        size_(text.size()) {
    std::memset(bytes_.get(), padding, shift + text.size() + kPadding);
    std::copy(text.begin(), text.end(), text_);
  }

  PaddedView view() const { return PaddedView::Promise(text_, size_); }

 private:
  std::unique_ptr<char[]> bytes_;
  char* text_;
  size_t size_;
};

}  // namespace sparktail::fuzz
