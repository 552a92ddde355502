#include "ingest/cli/output.h"

namespace sparktail {

std::string EscapeControls(std::string_view json) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string safe;
  safe.reserve(json.size());
  for (size_t i = 0; i < json.size(); ++i) {
    // C1 characters, U+0080 to U+009F, are C2 80 to C2 9F.
    const bool is_c1 =
        json[i] == '\xC2' && i + 1 < json.size() && static_cast<unsigned char>(json[i + 1]) < 0xA0;
    if (!is_c1 && json[i] != '\x7f') {
      safe += json[i];
      continue;
    }
    if (is_c1) ++i;
    const auto code = static_cast<unsigned char>(json[i]);
    safe.append("\\u00").append(1, kHex[code >> 4]).append(1, kHex[code & 15]);
  }
  return safe;
}

}  // namespace sparktail
