#include "ingest/base/utf8.h"

#include <algorithm>

namespace sparktail {

std::string ValidUtf8(std::string_view text, size_t max_size) {
  size_t size = std::min(text.size(), max_size);
  // Do not cut inside a character.
  while (size > 0 && size < text.size() && (static_cast<uint8_t>(text[size]) & 0xC0) == 0x80) {
    --size;
  }
  text = text.substr(0, size);
  std::string valid;
  size_t plain = 0;
  for (size_t at = 0; at < text.size();) {
    const Utf8Sequence sequence = NextUtf8Sequence(text, at);
    if (!sequence.valid) {
      valid.append(text.substr(plain, at - plain)).append(kUtf8Replacement);
      plain = at + sequence.length;
    }
    at += sequence.length;
  }
  return valid.append(text.substr(plain));
}

}  // namespace sparktail
