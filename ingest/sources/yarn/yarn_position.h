#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/base/os.h"
#include "ingest/sources/yarn/yarn_tail.h"
#include "offsets/cursor.h"

namespace sparktail {

// A log of a container, as it stands in a cursor's position: all with which it can be found again,
// whoever the ResourceManager is by then, and its documents made as before. The place in the log is
// the cursor's offset.
struct YarnPosition {
  YarnLog log;
  bool is_inexact = false;

  std::string ToJson() const;
  static std::optional<YarnPosition> FromJson(std::string_view json);
};

// Makes the source read the log again from `offset` of its content. kOutOfRange if the cursor has
// not got there yet: how long the log is, only its NodeManager knows. kFailedPrecondition if the
// stream is none of a log, but of jobs, batches or applications.
absl::Status MoveYarnCursor(uint64_t offset, Os* os, Cursor* cursor);

// "<source>/<application>/<container>/<file>". (YARN's cluster id is in none: it changes with each
// start of a ResourceManager.)
StreamKey YarnStreamKey(std::string_view source, const YarnLog& log);
// "<source>/<application>/jobs", or of an attempt "…/jobs/2"; what = jobs, batches.
StreamKey YarnDriverKey(std::string_view source, const YarnOrigin& origin, std::string_view what);
// Of the events of kind app.
StreamKey YarnReportsKey(std::string_view source);

}  // namespace sparktail
