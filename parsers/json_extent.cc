#include "parsers/json_extent.h"

namespace sparktail {

bool JsonExtent::Feed(std::string_view text) {
  for (const char c : text) {
    ++size_;
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{') {
      ++depth_;
    } else if (c == '}' && --depth_ == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace sparktail
