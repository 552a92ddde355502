#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <span>
#include <string>

#include "ingest/base/os.h"

namespace sparktail {

// Reads a file, a pipe or a device from its beginning to its end.
class FileReader {
 public:
  // The message of an error is for users.
  static absl::StatusOr<FileReader> Open(Os* os, const std::string& path);
  static FileReader Stdin(Os* os);

  FileReader(FileReader&& other) noexcept;
  FileReader& operator=(FileReader&&) = delete;
  ~FileReader();

  // Returns the number of bytes read; 0 at the end.
  absl::StatusOr<size_t> Read(std::span<char> buffer);

  bool is_regular() const { return info_.is_regular(); }
  // Size in bytes when it was opened; 0 if not known.
  size_t size() const { return info_.size; }

 private:
  FileReader(Os* os, int fd, bool owned, Os::FileInfo info)
      : os_(os), fd_(fd), owned_(owned), info_(info) {}

  Os* os_;
  int fd_;
  bool owned_;
  Os::FileInfo info_;
};

// Returns the bytes of a file, at most `most` of them. Errors are those of FileReader.
absl::StatusOr<std::string> ReadFile(Os* os, const std::string& path, size_t most);

}  // namespace sparktail
