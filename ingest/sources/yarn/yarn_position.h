#pragma once

#include <optional>
#include <string>
#include <string_view>

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

// "<source>/<application>/<container>/<file>". (YARN's cluster id is in none: it changes with each
// start of a ResourceManager.)
StreamKey YarnStreamKey(std::string_view source, const YarnLog& log);
// "<source>/<application>/jobs", or of an attempt "…/jobs/2"; what = jobs, batches.
StreamKey YarnDriverKey(std::string_view source, const YarnOrigin& origin, std::string_view what);
// Of the events of kind app.
StreamKey YarnReportsKey(std::string_view source);

}  // namespace sparktail
