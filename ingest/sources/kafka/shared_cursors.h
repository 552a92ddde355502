#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <vector>

#include "offsets/cursor.h"

namespace sparktail {

// Reads a sink's cursors in the streams that a consumer group shares, from a store that all members
// of the group can read. Reader thread only.
class SharedCursors {
 public:
  virtual ~SharedCursors() = default;

  // Starts to read the cursors that are stored now. kUnavailable: retry later.
  virtual absl::Status Begin() = 0;
  // Continues reading for a moment. True once everything that was stored at the call of Begin() is
  // read. After an error, Begin() must be called again.
  virtual absl::StatusOr<bool> ReadOn() = 0;
  // All cursors read so far.
  virtual std::vector<StreamCursor> cursors() const = 0;
};

}  // namespace sparktail
