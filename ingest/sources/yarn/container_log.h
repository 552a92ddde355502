#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sparktail {

// Parsers for a part of a container's log as a NodeManager or a history server returns it. There
// are two forms. The text form has the exact bytes, but a request can only name a number of bytes
// from the end of the log. The page for browsers begins at any byte, but it has been through a
// UTF-8 decoder.

// A part of a log in the text form.
struct LogText {
  uint64_t length = 0;      // of the whole log, in bytes
  uint64_t begin = 0;       // byte of the log at which the part begins
  std::string_view bytes;   // a view into the body
  bool is_running = false;  // the container is running
};

// Parses the response to a request for the last `asked` bytes of `file`. Empty if the body has
// another form or is cut. If several logs have the name, the longest one is returned: rolling
// aggregation uploads the whole log repeatedly.
std::optional<LogText> ReadLogText(std::string_view body, std::string_view file, uint64_t asked);

struct LogPage {
  enum class Kind : uint8_t {
    kText,     // a part of the log
    kBeyond,   // the log ends before the requested byte
    kMissing,  // the server does not have the log, or not any longer
    kOther,    // another message of the server
    kForeign,  // not from a NodeManager, for example a login page
    kCut,      // the end of the page is missing
  };
  Kind kind = Kind::kForeign;
  std::string bytes;  // only for kText
  // The first `exact` bytes are identical to those of the log. After them, the server has replaced
  // bytes that are not UTF-8, and lengths may differ.
  size_t exact = 0;
  std::optional<uint64_t> length;  // of the log; only for kBeyond
  std::string message;             // of kMissing and kOther; for kForeign the page's title
};
LogPage ReadLogPage(std::string_view body);

}  // namespace sparktail
