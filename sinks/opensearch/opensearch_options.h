#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ingest/base/options.h"
#include "ingest/http/http_options.h"

namespace sparktail {

// What a sink of OpenSearch or Elasticsearch can be told. Each option's text for users stands in
// opensearch_options.cc.
struct OpenSearchOptions {
  std::vector<std::string> urls;  // of nodes, or of a proxy before them; all of one cluster
  std::string index = "monitor-yarn-{environment}-%Y%m%d";  // a NamePattern with dates
  bool data_stream = false;
  bool manage_template = true;
  std::string template_name =
      "sparktail";  // of the index template; indices of one pattern share one
  uint64_t shards = 1;
  uint64_t replicas = 1;
  absl::Duration retention = absl::InfiniteDuration();  // a policy (ISM, ILM) that setup installs
  std::string alias;                                    // of all indices; empty: none
  std::string dashboards_url;  // OpenSearch Dashboards or Kibana, for setup; empty: none
  uint64_t bulk_bytes = uint64_t{1} << 20;  // of a request's documents, before compression
  uint64_t connections = 4;                 // at most, at a time
  std::string compression = "gzip";         // or none
  absl::Duration request_timeout = absl::Seconds(60);
  HttpOptions http;
};
OptionTable<OpenSearchOptions> OpenSearchOptionTable();

}  // namespace sparktail
