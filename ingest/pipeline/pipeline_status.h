#pragma once

#include <absl/time/time.h>

#include <string>
#include <vector>

#include "ingest/delivery/query_status.h"
#include "ingest/streams/source_status.h"
#include "sinks/sink_status.h"

namespace sparktail {

// What a running pipeline reports of itself: for /metrics, /healthz and /readyz, and `--stats`.
// A copy, made on request; counts are since the start of the process.
struct PipelineStatus {
  absl::Time started;
  bool ready = false;     // all sources and sinks were opened, and no sink is stopped
  std::string not_ready;  // why not
  bool healthy = true;    // the reader loop goes round
  std::vector<SourceStatus> sources;
  std::vector<SinkStatus> sinks;
  std::vector<QueryStatus> queries;
};

}  // namespace sparktail
