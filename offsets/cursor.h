#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "offsets/stream_key.h"

namespace sparktail {

// The place in one stream up to which one sink has everything: all events before it are delivered,
// or durably in the dead letters.
struct Cursor {
  // Orders the cursors of one stream, and the events between them (EventRef::offset): a later one
  // has a greater number. Its unit is the source's own. The streams of a ContentStream count bytes
  // of content, at the start of a record or the end of the stream; others count messages of a
  // partition, the time of a job or a batch, the seconds of a report, bytes of a dead-letter file.
  uint64_t order = 0;
  // The source's own description of the stream and of this place in it, enough to find both again
  // if everything else is lost. One JSON object; only the source reads it.
  std::string position;
  // The state of the parser at this place: a ParserContext as JSON. Only parsers read it. Shared,
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
