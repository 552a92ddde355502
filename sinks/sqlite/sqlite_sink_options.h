#pragma once

#include <absl/time/time.h>

#include <string>

#include "ingest/base/options.h"

namespace sparktail {

// Options of a sink of kind sqlite. sqlite_sink_options.cc describes each for users.
struct SqliteSinkOptions {
  std::string path;
  absl::Duration retention = absl::InfiniteDuration();  // by the event's own time
};
OptionTable<SqliteSinkOptions> SqliteSinkOptionTable();

}  // namespace sparktail
