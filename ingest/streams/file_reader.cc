#include "ingest/streams/file_reader.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace sparktail {

absl::StatusOr<FileReader> FileReader::Open(Os* os, const std::string& path) {
  const absl::StatusOr<int> fd = os->Open(path);
  if (!fd.ok()) return fd.status();
  absl::StatusOr<Os::FileInfo> info = os->Stat(*fd);
  if (info.ok() && info->is_directory()) {
    info = absl::InvalidArgumentError("it is a directory; name the log files in it");
  }
  if (!info.ok()) {
    os->Close(*fd);
    return info.status();
  }
  return FileReader(os, *fd, /*owned=*/true, *info);
}

FileReader FileReader::Stdin(Os* os) {
  const absl::StatusOr<Os::FileInfo> info = os->Stat(STDIN_FILENO);
  return FileReader(os, STDIN_FILENO, /*owned=*/false, info.value_or(Os::FileInfo()));
}

FileReader::FileReader(FileReader&& other) noexcept
    : os_(other.os_),
      fd_(other.fd_),
      owned_(std::exchange(other.owned_, false)),
      info_(other.info_) {}

FileReader::~FileReader() {
  if (owned_) os_->Close(fd_);
}

absl::StatusOr<size_t> FileReader::Read(std::span<char> buffer) {
  return os_->Read(fd_, buffer.data(), buffer.size());
}

absl::StatusOr<std::string> ReadFile(Os* os, const std::string& path, size_t most) {
  absl::StatusOr<FileReader> reader = FileReader::Open(os, path);
  if (!reader.ok()) return reader.status();
  std::string text;
  std::array<char, 16384> buffer{};
  while (text.size() < most) {
    const size_t room = std::min(buffer.size(), most - text.size());
    const absl::StatusOr<size_t> size = reader->Read(std::span<char>(buffer.data(), room));
    if (!size.ok()) return size.status();
    if (*size == 0) break;
    text.append(buffer.data(), *size);
  }
  return text;
}

}  // namespace sparktail
