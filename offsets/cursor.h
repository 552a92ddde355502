#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace sparktail {

// The permanent name of a stream within an instance: "<source name>/<the source's own name of the
// stream>". Printable; users see it in `sparktail offsets list`.
using StreamKey = std::string;

// The place in one stream up to which one sink has everything: all events before it are delivered,
// or durably in the dead letters.
struct Cursor {
  // In the stream's content, in bytes; always the start of a record, or the end of the stream.
  uint64_t offset = 0;
  // The source's own description of the stream and of this place in it, enough to find both again
  // if everything else is lost. One JSON object; only the source reads it.
  std::string position;
  // The state of the parser at `offset`: a ParserContext as JSON. Only parsers read it. Shared,
  // because it changes rarely; never null.
  std::shared_ptr<const std::string> context;
  // The stream has ended, and all of it is settled. Kept so that the stream is recognised when it
  // is seen again.
  bool ended = false;
};

struct StreamCursor {
  StreamKey stream;
  Cursor cursor;
};

}  // namespace sparktail
