#pragma once

#include <cstdint>
#include <vector>

#include "sinks/measure.h"

namespace sparktail {

// Figures of a sink for a search server, since the sink was created.
struct BulkStatistics {
  uint64_t requests = 0;
  uint64_t failed_requests = 0;  // requests without an outcome for each document
  uint64_t overloads = 0;        // requests that overloaded the server, wholly or in part
  uint64_t retried_events = 0;   // events that were sent again
  uint64_t known_events = 0;     // events that were in their index already
  uint64_t failure_store = 0;    // events that went to Elasticsearch's failure store
  uint64_t connections = 0;      // present limit of requests in flight
};

// These figures on /metrics.
std::vector<Measure> BulkMeasures();
void AddBulkMeasures(const BulkStatistics& statistics, SinkStatus* status);

}  // namespace sparktail
