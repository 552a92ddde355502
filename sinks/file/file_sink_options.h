#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>

#include "ingest/base/options.h"

namespace sparktail {

// Options of a sink of kind file. file_sink_options.cc describes each for users.
struct FileSinkOptions {
  std::string path;
  uint64_t rotate_bytes = 0;                             // 0: never
  absl::Duration rotate_age = absl::InfiniteDuration();  // since the file was created
  uint64_t keep_files = 0;                               // number of rotated files; 0: all
};
OptionTable<FileSinkOptions> FileSinkOptionTable();

}  // namespace sparktail
