#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "parsers/event.h"

namespace sparktail {

// How far reading lags in one stream.
struct StreamLag {
  std::string stream;
  uint64_t bytes = 0;  // written, not read yet
};

// What a source reports of itself: for /metrics, /readyz and `--stats`. A copy, made on request;
// counts are since the start of the process.
struct SourceStatus {
  std::string name;
  std::string kind;
  uint64_t read_bytes = 0;
  uint64_t open_files = 0;
  uint64_t streams = 0;     // that have not ended
  uint64_t lost_bytes = 0;  // written, and gone before they were read
  uint64_t rotations = 0;
  uint64_t truncations = 0;
  uint64_t errors = 0;         // files that can't be read; requests that failed
  uint64_t partitions = 0;     // of Kafka, assigned to this process
  uint64_t lag_messages = 0;   // of Kafka, in these partitions, not read yet
  uint64_t lost_messages = 0;  // of Kafka, deleted from the topic before they were read
  std::string trouble;         // why nothing can be read; empty: no reason is known
  ParserStats parsed;
  uint64_t lag_bytes = 0;       // of all streams
  std::vector<StreamLag> lags;  // of the streams that lag most, at most 100
};

}  // namespace sparktail
