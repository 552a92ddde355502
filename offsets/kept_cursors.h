#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstddef>
#include <string_view>
#include <vector>

#include "offsets/cursor_store.h"

namespace sparktail {

// The cursors that sinks keep in a store of their own, for those who are no sink: to look at them,
// also while a process writes there, or to change them while none does. That no process runs is for
// the caller to see to (StateLock). One that was opened to look can only Load().
class KeptCursors {
 public:
  virtual ~KeptCursors() = default;

  virtual absl::StatusOr<std::vector<CursorStore::Entry>> Load(std::string_view sink) = 0;
  // What is done until Commit() is done at once, or not at all.
  virtual absl::Status Store(std::string_view sink, const StreamCursor& cursor, absl::Time now) = 0;
  // Of all streams if `stream` is empty; how many.
  virtual absl::StatusOr<size_t> Forget(std::string_view sink, std::string_view stream) = 0;
  // Once, durable when it returns.
  virtual absl::Status Commit() = 0;
};

}  // namespace sparktail
