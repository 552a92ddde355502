#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <vector>

#include "offsets/cursor.h"

namespace sparktail {

// Where a sink keeps its cursors of streams that a consumer group shares, for all members to read.
// Reader thread only.
class SharedCursors {
 public:
  virtual ~SharedCursors() = default;

  // Asks what is there now. kUnavailable: it may work later.
  virtual absl::Status Begin() = 0;
  // Reads on, for a moment. True: all that was there at Begin() is read. After an error Begin()
  // is to be called again.
  virtual absl::StatusOr<bool> ReadOn() = 0;
  // All that were read.
  virtual std::vector<StreamCursor> cursors() const = 0;
};

}  // namespace sparktail
