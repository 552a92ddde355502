#include "ingest/sources/file/stored_cursor.h"

#include <algorithm>
#include <optional>
#include <string>

#include "ingest/sources/file/file_position.h"
#include "ingest/sources/file/followed_file.h"

namespace sparktail {
namespace {

// Returns how many bytes the file has after the position; nothing if the path leads to another file
// by now, or to none.
std::optional<uint64_t> LagOf(Os* os, const FilePosition& position) {
  const auto& [known, place] = position;
  if (place.seek || known.path.empty()) return std::nullopt;
  const absl::StatusOr<std::string> real = os->RealPath(known.path);
  if (!real.ok()) return std::nullopt;
  Os::FileInfo file;
  const absl::StatusOr<int> fd = FollowedFile::Open(os, *real, &file);
  if (!fd.ok()) return std::nullopt;
  const bool is_same = file.device == known.device && file.inode == known.inode &&
                       file.size >= place.raw &&
                       FollowedFile::IsSame(os, *fd, known, place).value_or(false);
  os->Close(*fd);
  return is_same ? std::optional(file.size - place.raw) : std::nullopt;
}

}  // namespace

absl::Status MoveFileCursor(uint64_t offset, Os* os, Cursor* cursor) {
  std::optional<FilePosition> position = FilePosition::FromJson(cursor->position);
  if (!position) {
    return absl::FailedPreconditionError(
        "has a position that can't be read; `sparktail offsets forget` drops it");
  }
  const absl::StatusOr<Os::FileInfo> file =
      os->StatPath(position->file.path, /*follow_links=*/true);
  const uint64_t size = std::max({position->file.size, cursor->order, file.ok() ? file->size : 0});
  if (offset > size) {
    return absl::OutOfRangeError("has no byte " + std::to_string(offset) + ", only " +
                                 std::to_string(size));
  }
  position->place.seek = offset;
  // All events from there on are wanted, wherever the source was once told to begin.
  position->place.from = 0;
  position->place.since_ms = INT64_MIN;
  cursor->position = position->ToJson();
  return absl::OkStatus();
}

PositionSummary SummarizeFilePosition(std::string_view json, Os* os) {
  const std::optional<FilePosition> position = FilePosition::FromJson(json);
  if (!position) return {};
  return {LagOf(os, *position), position->place.seek, position->file.path};
}

}  // namespace sparktail
