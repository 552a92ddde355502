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

// Reads a file of dead letters line by line. Memory is bounded by the length of the longest allowed
// line. Single-threaded.
class DeadLetterFile {
 public:
  // Opens the file for reading from `begin`, which must be the beginning of a line, to `end`.
  // Without `end` it is read to its present size, and bytes that are appended later are not read.
  // Follows symbolic links. kInvalidArgument: not a regular file. kFailedPrecondition: shorter than
  // `end`.
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
    uint64_t end = 0;  // after the newline
    bool has_newline = true;
  };
  // The next line; empty at the end. kInvalidArgument: the line is too long. kFailedPrecondition:
  // the file has become shorter. Other errors are those of Os::ReadAt().
  absl::StatusOr<std::optional<Line>> Next();
  // The next Next() returns its last line again.
  void PutBack() { returned_ = 0; }

 private:
  DeadLetterFile(Os* os, int fd, size_t longest_line);
  absl::Status ReadMore();

  Os* os_;
  int fd_;
  size_t longest_line_;
  uint64_t read_ = 0;  // bytes of the file, including those in buffer_
  uint64_t end_ = 0;
  ByteBuffer buffer_;
  size_t done_ = 0;      // bytes of buffer_ before the current line
  size_t returned_ = 0;  // bytes after them that the last Next() has returned
};

}  // namespace sparktail
