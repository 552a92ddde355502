#pragma once

#include <cstddef>
#include <string_view>

namespace sparktail {

// Bytes behind a PaddedView that may be read (never written, their value does not matter).
// simdjson needs 64, the widest vector loop of LiteralScanner 64 + 2.
inline constexpr size_t kPadding = 128;

// A view with a promise: kPadding bytes behind its end may be read. Only the owner of a padded
// buffer may make one from nothing; everybody else cuts it from another PaddedView.
class PaddedView {
 public:
  PaddedView() = default;

  // The caller promises the padding.
  static PaddedView Promise(const char* data, size_t size) { return PaddedView({data, size}); }

  // What lies behind a part of a padded view is the rest of the view and its padding.
  PaddedView Part(size_t begin, size_t size) const { return PaddedView(text_.substr(begin, size)); }

  std::string_view text() const { return text_; }
  const char* data() const { return text_.data(); }
  size_t size() const { return text_.size(); }
  char operator[](size_t i) const { return text_[i]; }

 private:
  explicit PaddedView(std::string_view text) : text_(text) {}

  std::string_view text_;
};

}  // namespace sparktail
