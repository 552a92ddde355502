#include "sinks/file/last_line.h"

#include <algorithm>
#include <string>

#include "sinks/file/file_state.h"

namespace sparktail {
namespace {

constexpr size_t kChunk = size_t{1} << 16;
constexpr size_t kTellingText = 64;

struct LastLine {
  uint64_t begin = 0;  // of what follows the last newline
  uint64_t end = 0;    // of the file
};

absl::StatusOr<LastLine> Find(Os* os, int fd) {
  const absl::StatusOr<Os::FileInfo> info = os->Stat(fd);
  if (!info.ok()) return info.status();
  LastLine line = {info->size, info->size};
  while (line.begin > 0) {
    const uint64_t begin = line.begin - std::min<uint64_t>(line.begin, kChunk);
    const absl::StatusOr<std::string> chunk = ReadRange(os, fd, begin, line.begin - begin);
    if (!chunk.ok()) return chunk.status();
    const size_t newline = chunk->rfind('\n');
    if (newline != std::string::npos) {
      line.begin = begin + newline + 1;
      return line;
    }
    line.begin = begin;
  }
  return line;
}

}  // namespace

absl::Status CutPartialDocument(Os* os, int fd) {
  const absl::StatusOr<LastLine> line = Find(os, fd);
  if (!line.ok()) return line.status();
  if (line->begin == line->end) return absl::OkStatus();
  const absl::StatusOr<std::string> text = ReadRange(os, fd, line->begin, kTellingText);
  if (!text.ok()) return text.status();
  return BeginsLikeDocument(*text) ? os->Truncate(fd, line->begin) : absl::OkStatus();
}

absl::StatusOr<uint64_t> EndLastLine(Os* os, int fd) {
  const absl::StatusOr<LastLine> line = Find(os, fd);
  if (!line.ok()) return line.status();
  if (line->begin == line->end) return line->end;
  if (absl::Status status = WriteAll(os, fd, "\n"); !status.ok()) return status;
  return line->end + 1;
}

}  // namespace sparktail
