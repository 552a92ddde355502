#pragma once

#include <cstddef>
#include <string_view>

namespace sparktail {

inline constexpr size_t kUuidSize = 36;

// 8-4-4-4-12 hex digits, as java.util.UUID prints them; capital digits are allowed.
inline bool IsUuid(std::string_view text) {
  if (text.size() != kUuidSize) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return false;
    } else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) {
      return false;
    }
  }
  return true;
}

}  // namespace sparktail
