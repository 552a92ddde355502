#pragma once

#include <cstdint>
#include <string_view>

namespace sparktail {

// Figures from the statistics that librdkafka emits each `statistics.interval.ms` (see its
// STATISTICS.md).
struct KafkaStatistics {
  uint64_t queued_messages = 0;
  uint64_t queued_bytes = 0;
  uint64_t requests = 0;   // sent to brokers since the client was created
  uint64_t retries = 0;    // requests that were retried
  uint64_t errors = 0;     // requests that failed
  double rtt_seconds = 0;  // average round-trip time of the slowest broker
};

// Reads the JSON of librdkafka. Returns false if it is malformed.
bool ReadKafkaStatistics(std::string_view json, KafkaStatistics* out);

}  // namespace sparktail
