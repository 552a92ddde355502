#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/base/os.h"

namespace sparktail {

// The state that a file sink keeps in the cursor store with its cursors, as a JSON object: the
// identity of its file, and its committed length.
struct FileState {
  // The path at the last commit.
  std::string path;
  // The number of commits. It shows whether a doubtful commit succeeded.
  uint64_t commit = 0;
  // The bytes before this offset are delivered; those after it were never committed.
  uint64_t length = 0;
  // A hash of the first bytes, at most kMaxHead and not beyond `length`, identifies the file.
  uint64_t head_size = 0;
  std::string head_hash;
  // Hints: both change when the file is copied or its file system is mounted again.
  uint64_t device = 0;
  uint64_t inode = 0;
  // Milliseconds since 1970, by this machine's clock, when the file was created.
  int64_t begun_ms = 0;
  // Milliseconds since 1970 when the file was last taken over without cursors (`--recover`); 0:
  // never.
  int64_t recovered_ms = 0;

  static constexpr uint64_t kMaxHead = 4096;

  std::string ToJson() const;
  // Returns nothing if `json` is not from ToJson().
  static std::optional<FileState> FromJson(std::string_view json);
};

// Returns the XXH3-128 of the first `size` bytes of an open file as hex digits; empty if the file
// is shorter.
absl::StatusOr<std::string> HashHead(Os* os, int fd, uint64_t size);

// Returns true if an open file is the one that `state` describes. A short head proves little, so
// the inode must match too. If nothing was committed yet, the file must begin like a document.
absl::StatusOr<bool> IsFileOf(const FileState& state, Os* os, int fd);

// Returns true if `text` begins with a document, or is the beginning of one.
bool BeginsLikeDocument(std::string_view text);

}  // namespace sparktail
