#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstddef>
#include <string_view>
#include <vector>

#include "offsets/cursor_store.h"

namespace sparktail {

// Access to the cursors that a sink keeps in its own store, for callers other than the sink.
// Load() also works while a process writes to the store. The other methods need a store that was
// opened for writing, and the caller must ensure that no other process runs (StateLock).
class KeptCursors {
 public:
  virtual ~KeptCursors() = default;

  virtual absl::StatusOr<std::vector<CursorStore::Entry>> Load(std::string_view sink) = 0;
  // Store() and Forget() take effect together with Commit(), or not at all.
  virtual absl::Status Store(std::string_view sink, const StreamCursor& cursor, absl::Time now) = 0;
  // Deletes the cursor in `stream` (in all streams if it is empty) and returns the number deleted.
  virtual absl::StatusOr<size_t> Forget(std::string_view sink, std::string_view stream) = 0;
  // To be called once; durable when it returns.
  virtual absl::Status Commit() = 0;
};

}  // namespace sparktail
