#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <string_view>

#include "ingest/base/log.h"
#include "offsets/cursor_store.h"

namespace sparktail {

// When a source started for the first time, and whether that is over: `start_at` is about what
// the first start finds, not about what comes later. That it is over can't be told from cursors,
// for it may have found nothing. Stands in offsets.db, under a name that no sink can have.
class FirstStart {
 public:
  // `store` and `log` outlive it.
  FirstStart(CursorStore* store, Log* log, std::string_view source);

  // Before anything is read: when the first start was (`now`, if this is it), or nothing if it is
  // over. `is_known`: a sink has a cursor of the source. That it has begun is stored: a process
  // that is killed before End() has the same first start again. An error if that can't be read.
  absl::StatusOr<std::optional<absl::Time>> Begin(absl::Time now, bool is_known);

  // All that it found is known to the sinks. If that can't be stored it is said, and false; until
  // it is, it is to be called again.
  bool End();

  // The next start is the first one.
  static absl::Status Forget(CursorStore* store, std::string_view source);

 private:
  absl::Status Store(const std::string& state);

  CursorStore* const store_;
  Log* const log_;
  const std::string source_;
};

}  // namespace sparktail
