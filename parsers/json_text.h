#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "parsers/byte_buffer.h"

namespace sparktail {

// Appends `text` as a JSON string with its quotes. Escapes control bytes, including DEL; other text
// stays as it is. Each maximal run of bytes that is not UTF-8 becomes one U+FFFD. Returns false if
// there was such a run.
bool AppendJsonString(std::string_view text, ByteBuffer* out);

// Appends `text`, with U+FFFD in place of each maximal run of bytes that is not UTF-8 (as the
// WHATWG's decoder and Python's errors="replace" do). Returns the number of replaced runs.
size_t AppendValidUtf8(std::string_view text, ByteBuffer* out);

// Both append a number in digits.
void AppendInteger(int64_t value, ByteBuffer* out);
void AppendCount(uint64_t value, ByteBuffer* out);

// Undoes the escapes of a JSON string, which is passed without its quotes. Invalid escapes stay as
// they are.
std::string UnescapeJson(std::string_view raw);

// Escapes the control characters that JSON allows in strings (DEL, and C1 in UTF-8), so that a
// document can go to a terminal without controlling it.
std::string EscapeControls(std::string_view json);

}  // namespace sparktail
