#pragma once

#include <absl/time/time.h>

#include <string>
#include <vector>

#include "ingest/delivery/query_status.h"
#include "ingest/streams/source_status.h"
#include "sinks/sink_status.h"

namespace sparktail {

// The status of a running pipeline, for /metrics, /healthz, /readyz and `--stats`. A copy, made on
// request; counts are since the start of the process.
struct PipelineStatus {
  absl::Time started;
  bool ready = false;     // all sources and sinks are open, and no sink has stopped
  std::string not_ready;  // the reason if not ready
  bool healthy = true;    // the reader loop runs
  std::vector<SourceStatus> sources;
  std::vector<SinkStatus> sinks;
  std::vector<QueryStatus> queries;
};

}  // namespace sparktail
