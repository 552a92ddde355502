#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace sparktail {

// The permanent name of a stream within an instance: the source, and the source's own name of the
// stream. Stored, and shown to users, as the text "SOURCE/NAME"; the name of a source has no '/'.
class StreamKey {
 public:
  StreamKey() = default;
  StreamKey(std::string_view source, std::string_view name)
      : text_(std::string(source).append("/").append(name)), source_size_(source.size()) {}
  // Any text is accepted, since it comes from a store: without a '/', the name is empty.
  explicit StreamKey(std::string_view text)
      : text_(text), source_size_(std::min(text.find('/'), text.size())) {}

  const std::string& text() const { return text_; }
  // Views are valid as long as the key is.
  std::string_view source() const { return std::string_view(text_).substr(0, source_size_); }
  std::string_view name() const {
    return std::string_view(text_).substr(std::min(source_size_ + 1, text_.size()));
  }

  bool operator==(const StreamKey& other) const { return text_ == other.text_; }
  bool operator<(const StreamKey& other) const { return text_ < other.text_; }

 private:
  std::string text_;
  size_t source_size_ = 0;
};

}  // namespace sparktail

template <>
struct std::hash<sparktail::StreamKey> {
  size_t operator()(const sparktail::StreamKey& key) const {
    return std::hash<std::string>()(key.text());
  }
};
