#include "ingest/base/printable.h"

#include "ingest/base/utf8.h"

namespace sparktail {
namespace {

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

std::string Printable(std::string_view text, size_t max_size) {
  std::string printable = ValidUtf8(text, max_size);
  for (size_t i = 0; i < printable.size(); ++i) {
    // C1 control characters are C2 80 to C2 9F in UTF-8.
    const bool is_c1 = printable[i] == '\xC2' && i + 1 < printable.size() &&
                       static_cast<unsigned char>(printable[i + 1]) < 0xA0;
    if (is_c1) printable.replace(i, 2, "?");
    if (IsControl(printable[i])) printable[i] = '?';
  }
  if (text.size() > max_size) printable += "…";
  return printable;
}

}  // namespace sparktail
