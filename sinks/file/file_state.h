#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ingest/base/os.h"
#include "offsets/cursor_store.h"

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

  bool HasInodeOf(const Os::FileInfo& file) const {
    return device == file.device && inode == file.inode;
  }

  std::string ToJson() const;
  // Returns nothing if `json` is not from ToJson().
  static std::optional<FileState> FromJson(std::string_view json);
};

// Returns the XXH3-128 of the first `size` bytes of an open file as hex digits; empty if the file
// is shorter.
absl::StatusOr<std::string> HashHead(Os* os, int fd, uint64_t size);

// Returns `before` with the facts of an open file whose first `length` bytes are committed.
// kUnavailable: another process is cutting it.
absl::StatusOr<FileState> DescribeFile(const FileState& before, Os* os, int fd,
                                       const std::string& path, uint64_t length);

// Returns true if an open file is the one that `state` describes. A short head proves little, so
// the inode must match too. If nothing was committed yet, the file must begin like a document.
absl::StatusOr<bool> IsFileOf(const FileState& state, Os* os, int fd);

// Returns true if `text` begins with a document, or is the beginning of one.
bool BeginsLikeDocument(std::string_view text);

// Keeps the state of a file sink in the cursor store, in one transaction with its cursors.
class FileStateStore {
 public:
  // `store` must outlive it. `sink` is the sink's name.
  FileStateStore(CursorStore* store, std::string sink) : store_(store), sink_(std::move(sink)) {}

  // Returns nothing if there is no state. kFailedPrecondition: another version wrote it.
  absl::StatusOr<std::optional<FileState>> Load();
  // Stores `next` and the cursors; then *state is `next`, with the next number of a commit. After
  // an error the store may hold it nonetheless: call Resolve() before the next Store().
  absl::Status Store(FileState next, std::span<const StreamCursor> cursors, bool is_commit,
                     FileState* state);
  // If the store holds a state whose Store() failed, *state becomes that state.
  absl::Status Resolve(FileState* state);
  // Returns true once if Resolve() found that a failed commit had succeeded.
  bool TakeCommitted() { return std::exchange(is_committed_, false); }

 private:
  CursorStore* const store_;
  const std::string sink_;
  std::optional<FileState> doubted_;  // its Store() failed
  bool doubted_is_commit_ = false;
  bool is_committed_ = false;
};

}  // namespace sparktail
