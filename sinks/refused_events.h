#pragma once

#include <absl/container/flat_hash_set.h>
#include <absl/status/status.h>

#include <string_view>

#include "parsers/event_id.h"
#include "sinks/dead_letter.h"

namespace sparktail {

// The events since a sink's last commit that were rejected for their content. They are in the dead
// letters, but durable there only after Sync(). Not thread safe.
class RefusedEvents {
 public:
  // `dead_letters` is shared and must outlive this object. It logs each event.
  explicit RefusedEvents(DeadLetters* dead_letters) : dead_letters_(dead_letters) {}

  bool Contains(const EventId& id) const { return buried_.contains(id); }
  // Adds an event to the dead letters, unless it is there already. `index` is the event's index or
  // topic; it may be empty.
  absl::Status Add(const EventId& id, std::string_view document, std::string_view index,
                   std::string_view cause);

  // Makes the added events durable in the dead letters.
  absl::Status Sync();
  // Removes the events that were added since Sync() from the dead letters.
  absl::Status Rollback();
  // Forgets all events. Call it after the sink's commit.
  void Forget();

 private:
  DeadLetters* const dead_letters_;
  absl::flat_hash_set<EventId> buried_;   // all, durable or not
  absl::flat_hash_set<EventId> durable_;  // a subset of buried_
};

}  // namespace sparktail
