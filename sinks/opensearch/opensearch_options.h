#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ingest/base/options.h"
#include "ingest/http/http_options.h"

namespace sparktail {

// Options of a sink of kind opensearch or elasticsearch. opensearch_options.cc describes each for
// users.
struct OpenSearchOptions {
  std::vector<std::string> urls;  // of the nodes of one cluster, or of a proxy before them
  std::string index = "monitor-yarn-{environment}-%Y%m%d";  // a NamePattern with dates
  bool data_stream = false;
  bool manage_template = true;
  std::string template_name = "sparktail";  // indices of one pattern share a template
  uint64_t shards = 1;
  uint64_t replicas = 1;
  absl::Duration retention = absl::InfiniteDuration();  // by a policy (ISM, ILM) of `setup`
  std::string alias;                                    // for all indices; empty: none
  std::string dashboards_url;  // OpenSearch Dashboards or Kibana, for `setup`; empty: none
  uint64_t bulk_bytes = uint64_t{1} << 20;  // documents in one request, before compression
  uint64_t connections = 4;                 // most requests at a time
  std::string compression = "gzip";         // or none
  absl::Duration request_timeout = absl::Seconds(60);
  HttpOptions http;
};
OptionTable<OpenSearchOptions> OpenSearchOptionTable();

}  // namespace sparktail
