#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ingest/base/options.h"
#include "ingest/streams/start_at.h"

namespace sparktail {

enum class Watch : uint8_t { kAuto, kInotify, kPoll };

// The options of a file source. file_source_options.cc has each option's text for users.
struct FileSourceOptions {
  std::vector<std::string> paths;    // globs: * ? [] and ** for any depth of directories
  std::vector<std::string> exclude;  // globs of paths to skip
  StartAt start_at;
  Watch watch = Watch::kAuto;
  absl::Duration poll_interval = absl::Seconds(1);  // only with watch: poll
  absl::Duration rotate_wait = absl::Seconds(5);    // a rotated file may still be written to
  absl::Duration close_idle = absl::Minutes(5);     // idle time until the descriptor is closed
  absl::Duration record_timeout = absl::Seconds(5);
  uint64_t deleted_bytes = uint64_t{1} << 30;  // disk space of deleted files that are still read …
  absl::Duration deleted_wait = absl::Hours(1);  // … and how long they are kept open
};
OptionTable<FileSourceOptions> FileSourceOptionTable();

}  // namespace sparktail
