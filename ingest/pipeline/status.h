#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ingest/kafka/kafka_statistics.h"
#include "parsers/event.h"
#include "sinks/bulk/bulk_statistics.h"

namespace sparktail {

// What a running pipeline tells of itself: for /metrics, /healthz and /readyz, and `--stats`.
// A copy, made on request; counts are since the start of the process.
struct StreamStatus {
  std::string key;
  uint64_t behind_bytes = 0;  // there, but not yet read
};

struct SourceStatus {
  std::string name;
  std::string kind;
  uint64_t read_bytes = 0;
  uint64_t open_files = 0;
  uint64_t streams = 0;     // that have not ended
  uint64_t lost_bytes = 0;  // known to have been there, and gone before they were read
  uint64_t rotations = 0;
  uint64_t truncations = 0;
  uint64_t errors = 0;  // files that can't be read; of Kafka, requests that failed
  // Of Kafka.
  uint64_t partitions = 0;       // that the group has given us
  uint64_t behind_messages = 0;  // there, but not yet read
  uint64_t lost_messages = 0;    // gone from the topic before they were read
  std::string trouble;           // why nothing can be read; empty: none is known
  ParserStats parsed;
  uint64_t behind_bytes = 0;         // of all streams
  std::vector<StreamStatus> behind;  // the streams with most behind, at most 100
};

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

// The last batch of one streaming query. Numbers that its progress does not have are NaN.
struct QueryStatus {
  std::string environment;
  std::string app_name;
  std::string query;  // its name, or its id
  double batch_id = 0;
  double input_rows = 0;
  double input_rows_per_second = 0;
  double processed_rows_per_second = 0;
  double duration_ms = 0;  // triggerExecution
  double state_rows = 0;
  double state_bytes = 0;
  double watermark_delay_ms = 0;
  double lag_rows = 0;
  double timestamp = 0;  // start of the trigger, in seconds since 1970
  bool failed = false;   // it ended with an error, and has not run since
};

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
