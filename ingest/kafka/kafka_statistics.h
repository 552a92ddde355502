#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include <cstdint>
#include <string_view>

namespace sparktail {

// What librdkafka tells of itself each few seconds (`statistics.interval.ms`; its STATISTICS.md).
struct KafkaStatistics {
  uint64_t queued_messages = 0;
  uint64_t queued_bytes = 0;
  uint64_t requests = 0;   // to brokers, since the client was made
  uint64_t retries = 0;    // of them, sent again
  uint64_t errors = 0;     // of them, failed
  double rtt_seconds = 0;  // of the slowest broker, on average
};

// Reads one such account; false if it is none.
bool ReadKafkaStatistics(std::string_view json, KafkaStatistics* out);

// The last one, of a client or of those that came after it. Thread-safe.
class LastKafkaStatistics {
 public:
  void Set(const KafkaStatistics& statistics) {
    const absl::MutexLock lock(&mutex_);
    last_ = statistics;
  }
  KafkaStatistics Get() const {
    const absl::MutexLock lock(&mutex_);
    return last_;
  }

 private:
  mutable absl::Mutex mutex_;
  KafkaStatistics last_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sparktail
