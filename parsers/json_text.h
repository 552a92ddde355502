#pragma once

#include <string>
#include <string_view>

#include "parsers/byte_buffer.h"

namespace sparktail {

// Appends `text` as a JSON string, quotes included. Control bytes, DEL included, are escaped;
// other text stands as it is. Each maximal run of bytes that is no UTF-8 becomes one U+FFFD.
// Returns false if there was such a run.
bool AppendJsonString(std::string_view text, ByteBuffer* out);

// Appends `text` with each maximal run of bytes that is no UTF-8 replaced by U+FFFD (as the
// WHATWG's decoder and Python's errors="replace" do). Returns how many were replaced.
size_t AppendValidUtf8(std::string_view text, ByteBuffer* out);

// `text` cut to at most `max_size` bytes, and what is no UTF-8 in it replaced by U+FFFD.
std::string ValidUtf8(std::string_view text, size_t max_size);

// The text of a JSON string without its quotes, escapes undone. Invalid escapes stay as they are.
std::string UnescapeJson(std::string_view raw);

// The same JSON with control characters that JSON allows in strings (DEL, and C1 in UTF-8) escaped:
// documents that go to a terminal must not command it.
std::string EscapeControls(std::string_view json);

}  // namespace sparktail
