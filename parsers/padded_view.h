#pragma once

#include <cstddef>
#include <string_view>

namespace sparktail {

// The number of readable bytes after a PaddedView. Their values are arbitrary.
// simdjson needs 64, the widest vector loop of LiteralScanner 64 + 2.
inline constexpr size_t kPadding = 128;

// A view with kPadding readable bytes after its end. Only the owner of a padded buffer creates one
// with Promise(); all others take a Part() of another PaddedView.
class PaddedView {
 public:
  PaddedView() = default;

  // The caller promises the padding.
  static PaddedView Promise(const char* data, size_t size) { return PaddedView({data, size}); }

  // A part is padded by the rest of the view and its padding.
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
