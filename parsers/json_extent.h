#pragma once

#include <cstddef>
#include <string_view>

namespace sparktail {

// Finds where a JSON object ends: at the brace that closes its first one, with braces in strings
// left out. It can be fed in pieces of any size, and looks at each byte once.
class JsonExtent {
 public:
  // Reads on; the first byte ever given is the opening brace. Returns true once the end was
  // found; size() is then the length of the object, else the bytes read so far.
  bool Feed(std::string_view text);

  size_t size() const { return size_; }

 private:
  size_t size_ = 0;
  size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

}  // namespace sparktail
