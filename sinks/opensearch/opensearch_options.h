#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>

#include "ingest/base/options.h"
#include "sinks/bulk/bulk_options.h"

namespace sparktail {

// Options of a sink of kind opensearch or elasticsearch. opensearch_options.cc describes each for
// users.
struct OpenSearchOptions : BulkOptions {
  OpenSearchOptions() { compression = "gzip"; }
  bool has_retention() const { return retention < absl::InfiniteDuration(); }

  std::string index = "monitor-yarn-{environment}-%Y%m%d";  // a NamePattern with dates
  bool data_stream = false;
  bool manage_template = true;
  std::string template_name = "sparktail";  // indices of one pattern share a template
  uint64_t shards = 1;
  uint64_t replicas = 1;
  absl::Duration retention = absl::InfiniteDuration();  // by a policy (ISM, ILM) of `setup`
  std::string alias;                                    // for all indices; empty: none
  std::string dashboards_url;  // OpenSearch Dashboards or Kibana, for `setup`; empty: none
};
OptionTable<OpenSearchOptions> OpenSearchOptionTable();

}  // namespace sparktail
