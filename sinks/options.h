#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>

#include "ingest/base/options.h"

namespace sparktail {

// Options of the sinks. sinks/options.cc describes each for users.

struct FileSinkOptions {
  std::string path;
  uint64_t rotate_bytes = 0;                             // 0: never
  absl::Duration rotate_age = absl::InfiniteDuration();  // since the file was created
  uint64_t keep_files = 0;                               // number of rotated files; 0: all
};
OptionTable<FileSinkOptions> FileSinkOptionTable();

struct SqliteSinkOptions {
  std::string path;
  absl::Duration retention = absl::InfiniteDuration();  // by the event's own time
};
OptionTable<SqliteSinkOptions> SqliteSinkOptionTable();

struct StdoutSinkOptions {};

// Options that all sinks have.
struct DeliveryOptions {
  absl::Duration commit_interval = absl::Seconds(1);
  uint64_t commit_bytes = uint64_t{16} << 20;
  uint64_t queue_bytes = uint64_t{32} << 20;
  uint64_t dead_letter_bytes = uint64_t{256} << 20;
};
OptionTable<DeliveryOptions> DeliveryOptionTable();

}  // namespace sparktail
