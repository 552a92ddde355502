#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "parsers/parser_scratch.h"

namespace sparktail {

// How a container runtime has wrapped the lines that a container wrote.
enum class Wrapping : uint8_t {
  kNone,
  // Kubernetes' container runtime interface (containerd, CRI-O):
  //   2016-10-06T00:17:09.669794202Z stderr F TEXT       (CRI-O has +00:00 for Z)
  // The first tag, before a ':' or a space, is F for the last or only part of a line, P for the
  // others. Kubernetes before 1.9, which wrote no tag, is not recognised.
  kCri,
  // Docker's json-file; a part of a line has no "\n" at its end:
  //   {"log":"TEXT\n","stream":"stderr","attrs":{…},"time":"2016-10-06T00:17:09.669794202Z"}
  kDocker,
};

enum class StdStream : uint8_t { kStdout, kStderr };

// Longer lines are taken for damage. The runtimes cut at 16 KiB or less, unless containerd was
// told not to.
inline constexpr size_t kMaxWrappedLine = size_t{16} << 20;

// How the file is wrapped that begins with `beginning`, which is all of it if `complete`. The first
// line tells. Nothing: more has to be read; at most 256 KiB are asked for.
std::optional<Wrapping> RecognizeWrapping(std::string_view beginning, bool complete);

// Takes wrapped lines apart. What the container wrote to a stream is the contents of its lines, one
// behind the other; the parts of a long line come together by that alone.
//
// The outcome does not depend on how a file is cut. Costs a few bytes. Not for several threads.
class Unwrapper {
 public:
  // One line of the file.
  struct Line {
    size_t size = 0;          // in the file, with its newline
    bool is_wrapped = false;  // else it has no stream and no content
    StdStream stream = StdStream::kStdout;
    // With the newline that ends the container's line. Valid as long as `raw` is, and until the
    // scratch is used again.
    std::string_view content;
  };

  // Not for kNone. `scratch` outlives this; it is used by one thread only.
  Unwrapper(Wrapping wrapping, ParserScratch* scratch) : wrapping_(wrapping), scratch_(scratch) {}

  // Takes the line at the front of `raw` apart; the next call begins behind it. Nothing: the line
  // has no end yet. Then the next `raw` begins with the same line, and has more of it. If the file
  // ends with `raw` (`last`), that ends the line too.
  //
  // Of a line that is longer than kMaxWrappedLine what there is counts as one that is not wrapped,
  // and so do the calls for the rest of it.
  std::optional<Line> Next(std::string_view raw, bool last);

  // Lines that are not wrapped as the others are.
  uint64_t foreign_lines() const { return foreign_lines_; }

 private:
  Line Foreign(size_t size, bool ends);

  Wrapping wrapping_;
  bool in_foreign_line_ = false;  // the front of `raw` goes on with it
  ParserScratch* scratch_;
  uint64_t foreign_lines_ = 0;
};

}  // namespace sparktail
