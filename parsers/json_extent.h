#pragma once

#include <cstddef>
#include <string_view>

namespace sparktail {

// Finds the end of a JSON object: the brace that closes its first one. Ignores braces in strings.
// It can be fed in pieces of any size, and looks at each byte once.
class JsonExtent {
 public:
  // Reads the next piece; the first byte of the first piece is the opening brace. Returns true when
  // the end is found. size() is then the length of the object, before that the bytes read so far.
  bool Feed(std::string_view text);

  size_t size() const { return size_; }

 private:
  size_t size_ = 0;
  size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

}  // namespace sparktail
