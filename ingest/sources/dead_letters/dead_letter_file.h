#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "ingest/base/os.h"
#include "parsers/byte_buffer.h"
#include "parsers/padded_view.h"

namespace sparktail {

// Reads a file of dead letters line by line. Its memory is bounded by the longest line that may be.
// One thread.
class DeadLetterFile {
 public:
  // From `begin`, where a line begins, to `end`; without an end, to where the file ends now: what
  // is appended later is not read. Regular files only, links to them as well; what else it is,
  // kInvalidArgument says. kFailedPrecondition: it is shorter than `end`.
  static absl::StatusOr<DeadLetterFile> Open(Os* os, const std::string& path, size_t longest_line,
                                             uint64_t begin = 0,
                                             std::optional<uint64_t> end = std::nullopt);
  DeadLetterFile(DeadLetterFile&& other) noexcept;
  DeadLetterFile& operator=(DeadLetterFile&&) = delete;
  ~DeadLetterFile();

  uint64_t end() const { return end_; }

  struct Line {
    PaddedView text;  // without its newline; valid until the next call
    uint64_t begin = 0;
    uint64_t end = 0;  // behind the newline
    bool has_newline = true;
  };
  // Nothing at the end. kInvalidArgument: the line is too long; kFailedPrecondition: the file has
  // become shorter; all others as of Os::ReadAt().
  absl::StatusOr<std::optional<Line>> Next();
  // Next() gives its last line again.
  void PutBack() { given_ = 0; }

 private:
  DeadLetterFile(Os* os, int fd, size_t longest_line);
  absl::Status ReadMore();

  Os* os_;
  int fd_;
  size_t longest_line_;
  uint64_t read_ = 0;  // of the file, with what is in buffer_
  uint64_t end_ = 0;
  ByteBuffer buffer_;
  size_t done_ = 0;   // bytes of buffer_ whose lines are done with
  size_t given_ = 0;  // bytes after them, whose line the last Next() has returned
};

}  // namespace sparktail
