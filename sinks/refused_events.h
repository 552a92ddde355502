#pragma once

#include <absl/container/flat_hash_set.h>
#include <absl/status/status.h>

#include <string>
#include <string_view>

#include "ingest/base/log.h"
#include "parsers/event_id.h"
#include "sinks/dead_letter.h"

namespace sparktail {

// The events since a sink's last commit that are refused for their content, and so are in the dead
// letters, or on their way there. One thread.
class RefusedEvents {
 public:
  // All is shared.
  RefusedEvents(Log* log, DeadLetters* dead_letters, std::string sink);

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
  Log* const log_;
  DeadLetters* const dead_letters_;
  const std::string sink_;
  absl::flat_hash_set<EventId> buried_;   // perhaps not durably
  absl::flat_hash_set<EventId> durable_;  // of them, durably
};

}  // namespace sparktail
