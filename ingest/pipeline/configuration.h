#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ingest/base/options.h"
#include "ingest/streams/source_kind.h"
#include "sinks/sink_kind.h"

namespace sparktail {

struct LogConfiguration {
  enum class Format : uint8_t { kText, kJson };
  std::string level = "info";  // debug, info, warning, error
  Format format = Format::kText;
  std::string path;  // empty: standard error
};

OptionTable<LogConfiguration> LogOptionTable();

// The whole configuration of `sparktail run`, checked and with defaults filled in.
struct Configuration {
  std::string instance = "sparktail";
  std::string environment = "default";
  std::string state_dir;
  std::string http;  // host:port; empty: none
  LogConfiguration log;
  absl::Duration shutdown_timeout = absl::Seconds(25);
  size_t max_event_bytes = size_t{16} << 20;
  std::vector<SourceConfiguration> sources;
  std::vector<SinkConfiguration> sinks;
};
// Returns the options of the top level that are neither lists nor groups.
OptionTable<Configuration> ConfigurationOptionTable();

// When `run` stops by itself.
struct UntilExit {
  bool enabled = false;
  std::string marker;  // a file that exists once the driver has exited; empty: none
  // The reason in the log message.
  std::string complete = "the driver's log is complete";
};

}  // namespace sparktail
