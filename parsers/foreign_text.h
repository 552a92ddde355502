#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "parsers/byte_buffer.h"

namespace sparktail {

// log4j passes a record to System.err in pieces of this many bytes, and each piece is one write.
// Another writer to the same file can write between two pieces, but nowhere else.
inline constexpr size_t kLog4jPiece = 8192;

struct Lifted {
  size_t json_size = 0;      // of the restored object, in the buffer
  size_t record_size = 0;    // bytes of `record` up to the end of the object
  size_t foreign_bytes = 0;  // bytes that were lifted out
};

// Lifts other writers' text out of a record that holds a pretty-printed JSON object.
//
// `record` begins with the first byte that log4j wrote and reaches to the next header. The object's
// opening brace is at `json`. Text counts as foreign only if
//   - it begins at a multiple of kLog4jPiece of the record's own bytes (or 512 bytes after one, as
//     log4j 2.25 was seen to do),
//   - the line that it cuts has only one such place,
//   - it cannot hold a whole piece of the record: none of its lines is long, or reads as a line of
//     the record,
//   - it ends with a line end, and the two parts of the line that it cuts, put together, read as
//     JSON, and
//   - it is the shortest such text, and none of its lines may end with JSON of the record.
// Appends the object without foreign text to `out`. The caller must check that it is valid JSON and
// a progress event. Returns nullopt, and appends nothing, if there is no foreign text, or some that
// does not meet these conditions.
std::optional<Lifted> LiftForeignText(std::string_view record, size_t json, ByteBuffer* out);

// True if `line` (without its newline) consists of whole JSON tokens only, or is empty.
bool IsJsonTokens(std::string_view line);

}  // namespace sparktail
