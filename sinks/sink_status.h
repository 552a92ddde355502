#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>

#include "ingest/kafka/kafka_statistics.h"
#include "sinks/bulk/bulk_statistics.h"

namespace sparktail {

// What a sink reports of itself: for /metrics, /readyz and `--stats`. A copy, made on request;
// counts are since the start of the process.
struct SinkStatus {
  enum class State : uint8_t { kRunning, kPaused, kStopped };
  std::string name;
  std::string kind;
  State state = State::kRunning;
  std::string why;      // of kPaused
  uint64_t events = 0;  // delivered
  uint64_t bytes = 0;   // delivered
  uint64_t dead_letters = 0;
  uint64_t lost_bytes = 0;  // delivered, and then cut off by another process
  uint64_t errors = 0;      // tries that failed
  uint64_t queue_bytes = 0;
  uint64_t queue_events = 0;
  absl::Duration oldest;                 // age of the oldest undelivered batch; 0: none
  std::optional<KafkaStatistics> kafka;  // of a sink of Kafka
  std::optional<BulkStatistics> bulk;    // of a sink of a search server
  absl::Duration cursor_age;             // since the cursors were last stored while something moved
};

}  // namespace sparktail
