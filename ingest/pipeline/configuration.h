#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "ingest/base/options.h"
#include "ingest/sources/file_source_options.h"
#include "ingest/sources/kafka/kafka_source_options.h"
#include "ingest/sources/yarn/yarn_source_options.h"
#include "sinks/kafka/kafka_sink_options.h"
#include "sinks/opensearch/opensearch_options.h"
#include "sinks/options.h"
#include "sinks/solr/solr_options.h"

namespace sparktail {

struct SourceConfiguration {
  std::string name;                // of the stream keys; unique
  std::string environment;         // of the documents
  std::string timezone = "UTC";    // of header stamps that name none
  std::vector<std::string> sinks;  // names; empty: all
  std::variant<FileSourceOptions, KafkaSourceOptions, YarnSourceOptions> options;
};

struct SinkConfiguration {
  std::string name;  // of the cursors; unique
  DeliveryOptions delivery;
  struct Stdout {};
  std::variant<FileSinkOptions, Stdout, SqliteSinkOptions, KafkaSinkOptions, OpenSearchOptions,
               SolrOptions>
      options;
};

struct LogConfiguration {
  enum class Format : uint8_t { kText, kJson };
  std::string level = "info";  // debug, info, warning, error
  Format format = Format::kText;
  std::string path;  // empty: standard error
};

// The options that all sources, and all sinks (with those of delivery), have.
OptionTable<SourceConfiguration> SourceOptionTable();
OptionTable<SinkConfiguration> SinkOptionTable();
OptionTable<LogConfiguration> LogOptionTable();

// All that `sparktail run` can be told, checked and complete.
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
// Those of the top level that are neither lists nor groups.
OptionTable<Configuration> ConfigurationOptionTable();

// When `run` ends by itself.
struct UntilExit {
  bool enabled = false;
  std::string marker;  // a file whose coming says that the driver has exited; empty: none
};

}  // namespace sparktail
