#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "offsets/cursor.h"
#include "parsers/event.h"

namespace sparktail {

// The right to deliver what was read from a share of a source, such as a partition that a consumer
// group has given us. It can be lost at any time: then somebody else delivers what we have not.
// Thread-safe.
class Lease {
 public:
  void Lose() { lost_ = true; }
  bool is_lost() const { return lost_; }

 private:
  std::atomic<bool> lost_ = false;
};

// Events of one stream in order, and the cursor that is settled once they are delivered. Everything
// between the cursor of the batch before and this one belongs to it; a batch without events moves
// the cursor over noise. Owns its bytes; never changes; shared by all sinks.
struct Batch {
  StreamKey stream;
  std::shared_ptr<const Cursor> end;
  EventBuffer events;
  std::shared_ptr<const Lease> lease;  // null: nobody can take it away

  bool is_lost() const { return lease != nullptr && lease->is_lost(); }

  // Its cost in a queue, in bytes.
  size_t cost() const {
    return events.bytes.size() + events.events.size() * sizeof(EventRef) + 512;
  }
};

}  // namespace sparktail
