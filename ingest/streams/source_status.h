#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "parsers/event.h"

namespace sparktail {

// The lag of one stream.
struct StreamLag {
  std::string stream;
  uint64_t bytes = 0;  // written but not read yet
};

// The status of a source, for /metrics, /readyz and `--stats`. Counts are since the start of the
// process.
struct SourceStatus {
  std::string name;
  std::string kind;
  uint64_t read_bytes = 0;
  uint64_t open_files = 0;
  uint64_t streams = 0;     // that have not ended
  uint64_t lost_bytes = 0;  // deleted before they were read
  uint64_t rotations = 0;
  uint64_t truncations = 0;
  uint64_t errors = 0;         // failed reads of files and failed requests
  uint64_t partitions = 0;     // Kafka only: assigned to this process
  uint64_t lag_messages = 0;   // Kafka only: in these partitions, not read yet
  uint64_t lost_messages = 0;  // Kafka only: deleted from the topic before they were read
  std::string trouble;         // why nothing can be read; empty: no trouble known
  ParserStats parsed;
  uint64_t lag_bytes = 0;       // of all streams
  std::vector<StreamLag> lags;  // the 100 streams with the greatest lag
};

}  // namespace sparktail
