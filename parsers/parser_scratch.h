#pragma once

#include "parsers/byte_buffer.h"
#include "parsers/progress.h"

namespace sparktail {

// Memory that a LogParser or Unwrapper needs only during a call. All parsers of a thread share one
// scratch, so that a parser that waits for its stream to grow costs little. It must outlive them.
struct ParserScratch {
  static constexpr size_t kKept = size_t{1} << 20;

  ProgressReader progress;
  ByteBuffer lifted;     // progress without foreign text
  ByteBuffer unescaped;  // content of a line of Wrapping::kDocker

  // Frees the memory of an unusually large record.
  void Trim() {
    progress.Trim();
    lifted.Trim(kKept);
    unescaped.Trim(kKept);
  }
};

}  // namespace sparktail
