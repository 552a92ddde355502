#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "parsers/parser_scratch.h"

namespace sparktail {

// The form in which a container runtime wraps the lines that a container writes.
enum class Wrapping : uint8_t {
  kNone,
  // Kubernetes' container runtime interface (containerd, CRI-O):
  //   2016-10-06T00:17:09.669794202Z stderr F TEXT       (CRI-O writes +00:00 instead of Z)
  // The first tag, before a ':' or a space, is F for the last or only part of a line, P for the
  // others. Kubernetes before 1.9 wrote no tag, and is not recognised.
  kCri,
  // Docker's json-file. A part of a line other than the last has no "\n" at its end:
  //   {"log":"TEXT\n","stream":"stderr","attrs":{…},"time":"2016-10-06T00:17:09.669794202Z"}
  kDocker,
};

enum class StdStream : uint8_t { kStdout, kStderr };

// Longer lines count as damaged. The runtimes cut lines at 16 KiB or less, unless containerd is
// configured not to.
inline constexpr size_t kMaxWrappedLine = size_t{16} << 20;

// Recognises the wrapping of a file by its first line. `beginning` is the beginning of the file, or
// the whole file if `complete`. nullopt: more bytes are needed; 256 KiB are always enough.
std::optional<Wrapping> RecognizeWrapping(std::string_view beginning, bool complete);

// Unwraps lines. The contents of all lines of a stream, one after the other, are the bytes that the
// container wrote to it; this also joins the parts of a long line.
//
// The result does not depend on how a file is cut. Uses a few bytes of memory. Not thread-safe.
class Unwrapper {
 public:
  // One line of the file.
  struct Line {
    size_t size = 0;          // in the file, with its newline
    bool is_wrapped = false;  // if false, there is no stream and no content
    StdStream stream = StdStream::kStdout;
    // Includes the newline that ends the container's line. Valid as long as `raw`, and until the
    // next use of the scratch.
    std::string_view content;
  };

  // `wrapping` must not be kNone. `scratch` must outlive this object; only one thread may use it.
  Unwrapper(Wrapping wrapping, ParserScratch* scratch) : wrapping_(wrapping), scratch_(scratch) {}

  // Unwraps the line at the front of `raw`; the next `raw` must begin after that line. nullopt: the
  // line has no end yet, and the next `raw` must begin with the same line and have more of it. If
  // `last`, the file ends with `raw`, which also ends the line.
  //
  // A line longer than kMaxWrappedLine is returned in parts that are not wrapped; it counts as one
  // foreign line.
  std::optional<Line> Next(std::string_view raw, bool last);

  // The number of lines that are not wrapped as the others are.
  uint64_t foreign_lines() const { return foreign_lines_; }

 private:
  Line Foreign(size_t size, bool ends);

  Wrapping wrapping_;
  bool in_foreign_line_ = false;  // the next `raw` begins with the rest of a foreign line
  ParserScratch* scratch_;
  uint64_t foreign_lines_ = 0;
};

}  // namespace sparktail
