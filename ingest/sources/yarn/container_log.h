#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sparktail {

// What a NodeManager (or history server) answers when it is asked for a part of a container's log.
// It does so in two ways: as text, in which the bytes stand as they are, but only a number of them
// from the end can be asked for; and as a page for people, which begins at any byte, but went
// through a decoder of UTF-8.

// A part of a log, out of the text.
struct LogText {
  uint64_t length = 0;      // of the whole log
  uint64_t begin = 0;       // where the part begins in it
  std::string_view bytes;   // of the answer
  bool is_running = false;  // the container is
};

// Out of the answer to "the last `asked` bytes of `file`". Nothing, if it is no such answer, or
// cut. Of several logs of the name (aggregation in rolls uploads a log again and again, each time
// all of it) the longest one is taken.
std::optional<LogText> ReadLogText(std::string_view body, std::string_view file, uint64_t asked);

struct LogPage {
  enum class Kind : uint8_t {
    kText,     // a part of the log
    kBeyond,   // the log ends before the byte that was asked for
    kMissing,  // the server has no such log, now or any more
    kOther,    // it says something else
    kForeign,  // not from a NodeManager: a login page, say
    kCut,      // the end is missing
  };
  Kind kind = Kind::kForeign;
  std::string bytes;  // of kText
  // So many of them are those of the log; where they end, bytes that are no UTF-8 were replaced.
  // The rest may be of another length.
  size_t exact = 0;
  std::optional<uint64_t> length;  // of the log, of kBeyond
  std::string message;             // of kMissing and kOther, and kForeign: its title
};
LogPage ReadLogPage(std::string_view body);

}  // namespace sparktail
