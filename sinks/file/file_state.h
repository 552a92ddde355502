#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/base/os.h"

namespace sparktail {

// What a file sink keeps in the cursor store with its cursors, as a JSON object: which file it is,
// and how much of it is committed.
struct FileState {
  // Where it was.
  std::string path;
  // Counts commits, so that it can be told whether one was made.
  uint64_t commit = 0;
  // All before this is delivered; what is behind it was never committed.
  uint64_t length = 0;
  // The file's first bytes, at most kMaxHead and not beyond `length`, know it again.
  uint64_t head_size = 0;
  std::string head_hash;
  // Hints: both change when a file is copied or its file system is mounted anew.
  uint64_t device = 0;
  uint64_t inode = 0;
  // Since 1970; when the file was begun, by the clock of this machine.
  int64_t begun_ms = 0;
  // When the events in the file were last taken over without cursors (`--recover`); 0: never.
  int64_t recovered_ms = 0;

  static constexpr uint64_t kMaxHead = 4096;

  std::string ToJson() const;
  // Nothing if it is not what ToJson() makes.
  static std::optional<FileState> FromJson(std::string_view json);
};

// XXH3-128, as hex digits, of the first `size` bytes of an open file; empty if it is shorter.
absl::StatusOr<std::string> HashHead(Os* os, int fd, uint64_t size);

// Whether an open file is that of `state`. A short head proves little, so it takes the inode too;
// and before anything was committed the file must hold nothing but what sparktail writes.
absl::StatusOr<bool> IsFileOf(const FileState& state, Os* os, int fd);

// Whether text begins with a document, or with the beginning of one.
bool BeginsLikeDocument(std::string_view text);

}  // namespace sparktail
