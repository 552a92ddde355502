#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

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

// Holds the figures of a sink. Thread-safe.
class BulkMeter {
 public:
  void Add(uint64_t BulkStatistics::*what, uint64_t count) {
    const absl::MutexLock lock(&mutex_);
    statistics_.*what += count;
  }
  void SetConnections(uint64_t connections) {
    const absl::MutexLock lock(&mutex_);
    statistics_.connections = connections;
  }
  BulkStatistics Get() const {
    const absl::MutexLock lock(&mutex_);
    return statistics_;
  }

 private:
  mutable absl::Mutex mutex_;
  BulkStatistics statistics_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sparktail
