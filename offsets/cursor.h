#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace sparktail {

// Names a stream among all of an instance, for ever: "<source name>/<what the source calls it>".
// Printable; a user sees it in `sparktail offsets list`.
using StreamKey = std::string;

// Where one sink stands in one stream: all before it is delivered, or durably in the dead letters.
struct Cursor {
  // In the stream's content, in bytes; always where a record begins, or the end.
  uint64_t offset = 0;
  // The source's own account of the stream and of this place in it, enough to find both again
  // after everything else was lost: one JSON object, opaque to all but the source.
  std::string position;
  // What the parser had learnt before `offset`: ParserContext as JSON, opaque to all but parsers.
  // Shared, since it changes rarely; never null.
  std::shared_ptr<const std::string> context;
  // The stream has ended, and all of it is settled. Kept so that it is known when seen again.
  bool ended = false;
};

struct StreamCursor {
  StreamKey stream;
  Cursor cursor;
};

}  // namespace sparktail
