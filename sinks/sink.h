#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "offsets/cursor.h"
#include "parsers/event.h"

namespace sparktail {

// A sink that delivers in transactions: what was written since the last Commit() is delivered
// as a whole, together with the cursors behind it, or not at all.
//
// One thread calls Open() and, after it returned, another one all the rest.
//
// Errors are classified by the sink, in one place:
//   kResourceExhausted, kUnavailable   it may work later: the caller rolls back, waits, and writes
//                                      everything since the last commit again
//   kCancelled                         the reader of standard output has gone: the process ends
//   all others                         it won't: the process ends with an error
// An event that is refused for its content goes to the dead letters, and is not an error.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  // Recovers from whatever the last process left, and says where it stands in each stream. If it
  // IsRemote(), kUnavailable is no end: it is to be called again.
  virtual absl::StatusOr<std::vector<StreamCursor>> Open() = 0;

  // Writes events.events[first …] of one batch. They live, where they are, until Commit() of them
  // has succeeded, Rollback() has returned false, or the sink is gone.
  virtual absl::Status Write(const EventBuffer& events, size_t first) = 0;

  // Makes durable what was written since the last commit, and these cursors with it.
  virtual absl::Status Commit(std::span<const StreamCursor> cursors) = 0;

  // After an error: forgets what was written since the last commit. True if a commit that had
  // failed turns out to have been made after all: then nothing is to be written again. Else all
  // of it is, in the same order. If it fails itself, it is to be called again before all else.
  virtual absl::StatusOr<bool> Rollback() = 0;

  // Now and then, when all that was written is committed: rotation by age, retention.
  virtual absl::Status Tidy() { return absl::OkStatus(); }
  virtual absl::Duration tidy_interval() const { return absl::Seconds(10); }

  // Its store is another machine's, which may be away for as long as it likes, at the start too.
  virtual bool IsRemote() const { return false; }
};

}  // namespace sparktail
