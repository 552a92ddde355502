#pragma once

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/streams/output.h"
#include "offsets/cursor_store.h"

namespace sparktail {

// The first start of a source. `start_at` is about what the first start finds, not about what comes
// later. Cursors do not show that it is over, for it may have found nothing; offsets.db stores it,
// under a name that no sink can have.
class FirstStart {
 public:
  // `store` and `log` outlive it.
  FirstStart(CursorStore* store, Log* log, std::string_view source);

  // Call this before anything is read. Returns when the first start was (`now`, if this is it), or
  // nullopt if it is over. `is_known`: a sink has a cursor of the source. Stores that it has begun:
  // if the process is killed before End(), the next one continues the same first start. An error if
  // the store can't be read.
  absl::StatusOr<std::optional<absl::Time>> Begin(absl::Time now, bool is_known);
  // Begin() for a source that gives its batches to `output`. Once the first start is over, sinks
  // that are new begin where the others are; before that, a sink without cursors is not new.
  absl::StatusOr<std::optional<absl::Time>> Begin(absl::Time now, Output* output);

  // Begin() returned a time, and the first start is not over yet.
  bool is_running() const { return is_running_; }
  // Ends the first start once the sinks have everything that was given to `output` by the time
  // `has_read_all` was true: whatever they know is found again, so a kill before that must not
  // deliver the past. Returns when to call it again; InfiniteFuture once it is over.
  absl::Time Look(absl::Time now, const Output& output, absl::FunctionRef<bool()> has_read_all);

  // The sinks know everything that it found. Logs an error of the store and returns false; then
  // call it again.
  bool End();

  // Makes the next start the first one.
  static absl::Status Forget(CursorStore* store, std::string_view source);

 private:
  absl::Status Store(const std::string& state);

  CursorStore* const store_;
  Log* const log_;
  const std::string source_;
  bool is_running_ = false;
  std::optional<std::vector<uint64_t>> given_;  // Output::Given() when everything was read
};

}  // namespace sparktail
