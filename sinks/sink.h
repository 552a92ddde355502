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
#include "sinks/sink_status.h"

namespace sparktail {

// A sink delivers in transactions: the events written since the last Commit() are delivered
// together with their cursors, or not at all.
//
// One thread calls Open(). After Open() returned, another thread makes all other calls.
//
// Each sink classifies errors in one place:
//   kResourceExhausted, kUnavailable   it may work later: the caller rolls back, waits, and writes
//                                      everything since the last commit again
//   kCancelled                         the reader of standard output has gone: the process stops
//   all others                         it won't work: the process stops with an error
// An event that is rejected for its content goes to the dead letters; that is not an error.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  // Recovers from whatever the last process left, and returns the sink's cursor in each stream. If
  // the sink IsRemote(), call Open() again after kUnavailable.
  virtual absl::StatusOr<std::vector<StreamCursor>> Open() = 0;

  // Writes events.events[first …] of one batch. The caller must keep `events` valid and in place
  // until their Commit() succeeded, Rollback() returned false, or the sink is destroyed.
  virtual absl::Status Write(const EventBuffer& events, size_t first) = 0;

  // Makes the events written since the last commit durable, together with these cursors.
  virtual absl::Status Commit(std::span<const StreamCursor> cursors) = 0;

  // Call it after an error. Forgets the events written since the last commit. Returns true if a
  // commit that had failed turns out to have succeeded: write nothing again. Returns false
  // otherwise: write all of these events again, in the same order. If Rollback() fails, call it
  // again before anything else.
  virtual absl::StatusOr<bool> Rollback() = 0;

  // Does periodic work, such as rotation by age and retention. Call it each tidy_interval(), when
  // everything written is committed.
  virtual absl::Status Tidy() { return absl::OkStatus(); }
  virtual absl::Duration tidy_interval() const { return absl::Seconds(10); }

  // True if the sink keeps its cursors itself; offsets.db has a copy of them.
  virtual bool KeepsCursors() const { return false; }

  // Adds what only the sink knows of its deliveries. Thread-safe.
  virtual void AddTo(SinkStatus* /*status*/) const {}

  // True if the store is on another machine, which may be away for any time, even at the start.
  virtual bool IsRemote() const { return false; }
};

}  // namespace sparktail
