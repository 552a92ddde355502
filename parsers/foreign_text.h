#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "parsers/byte_buffer.h"

namespace sparktail {

// log4j hands a record to System.err in pieces of this many bytes, each with a write of its own.
// Another writer to the same file can slip in between two of them, but nowhere else.
inline constexpr size_t kLog4jPiece = 8192;

struct Lifted {
  size_t json_size = 0;      // of the restored object, in the buffer
  size_t record_size = 0;    // bytes of `record` up to the end of the object
  size_t foreign_bytes = 0;  // how much was lifted out
};

// Lifts other writers' text out of a record that holds a pretty-printed JSON object.
//
// `record` begins with the first byte that log4j wrote and reaches to the next header; the
// object's opening brace is at `json`. Text is taken for foreign only if
//   - it begins at a multiple of kLog4jPiece of the record's own bytes (or 512 behind one, which
//     log4j 2.25 was seen to do),
//   - there is only one such place in the line that it cut,
//   - it can hold no whole piece of the record: none of its lines is long, or reads as one of it,
//   - it ends with a line, and the line that it cut reads as JSON when
//   the two ends are put
//     together, and
//   - the shortest such text is taken, and no line in it may end with JSON of the record.
// Appends the object to `out`, foreign text left out; whether the whole is valid JSON and a
// progress event is for the caller to prove. Nothing if no foreign text is found, or some that
// cannot be placed.
std::optional<Lifted> LiftForeignText(std::string_view record, size_t json, ByteBuffer* out);

// True if `line` (without its newline) is made of whole JSON tokens only. An empty line is.
bool IsJsonTokens(std::string_view line);

}  // namespace sparktail
