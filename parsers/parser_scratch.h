#pragma once

#include "parsers/byte_buffer.h"
#include "parsers/progress.h"

namespace sparktail {

// The memory that a LogParser or Unwrapper needs only while it is at work. All of one thread share
// one, so that a parser which waits for its stream to grow costs little. It outlives them.
struct ParserScratch {
  static constexpr size_t kKept = size_t{1} << 20;

  ProgressReader progress;
  ByteBuffer lifted;     // progress without the text of other writers
  ByteBuffer unescaped;  // content of a line of Docker's (Unwrapper)

  // Gives memory back if an unusually large record took it.
  void Trim() {
    progress.Trim();
    lifted.Trim(kKept);
    unescaped.Trim(kKept);
  }
};

}  // namespace sparktail
