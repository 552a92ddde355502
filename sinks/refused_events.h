#pragma once

#include <absl/container/flat_hash_set.h>
#include <absl/status/status.h>

#include <string_view>

#include "parsers/event_id.h"
#include "sinks/dead_letter.h"

namespace sparktail {

// The events since a sink's last commit that are refused for their content, and so are in the dead
// letters, or on their way there. One thread.
class RefusedEvents {
 public:
  // Which is shared, and tells the log of each.
  explicit RefusedEvents(DeadLetters* dead_letters) : dead_letters_(dead_letters) {}

  bool Contains(const EventId& id) const { return buried_.contains(id); }
  // Once an event. `index`: where it was to go; may be empty.
  absl::Status Add(const EventId& id, std::string_view document, std::string_view index,
                   std::string_view cause);

  // What was added is durably in the dead letters.
  absl::Status Sync();
  // Of what was added since Sync(), nothing is.
  absl::Status Rollback();
  // Their commit was made: nothing is known of them any more.
  void Forget();

 private:
  DeadLetters* const dead_letters_;
  absl::flat_hash_set<EventId> buried_;   // perhaps not durably
  absl::flat_hash_set<EventId> durable_;  // of them, durably
};

}  // namespace sparktail
