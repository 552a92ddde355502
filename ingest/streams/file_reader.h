#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <span>
#include <string>

#include "ingest/base/os.h"

namespace sparktail {

// Reads a file, or whatever else has a path (a pipe, a device), from its beginning to its end.
class FileReader {
 public:
  // Fails, with a message that a user understands, if there is nothing to read.
  static absl::StatusOr<FileReader> Open(Os* os, const std::string& path);
  static FileReader Stdin(Os* os);

  FileReader(FileReader&& other) noexcept;
  FileReader& operator=(FileReader&&) = delete;
  ~FileReader();

  // 0 at the end.
  absl::StatusOr<size_t> Read(std::span<char> buffer);

  bool is_regular() const { return info_.is_regular(); }
  // Bytes at the time of opening; 0 if that is not known.
  size_t size() const { return info_.size; }

 private:
  FileReader(Os* os, int fd, bool owned, Os::FileInfo info)
      : os_(os), fd_(fd), owned_(owned), info_(info) {}

  Os* os_;
  int fd_;
  bool owned_;
  Os::FileInfo info_;
};

}  // namespace sparktail
