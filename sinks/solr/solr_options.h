#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ingest/base/options.h"
#include "ingest/http/http_options.h"

namespace sparktail {

// What a sink of Solr can be told. Each option's text for users stands in solr_options.cc.
struct SolrOptions {
  std::vector<std::string> urls;            // of nodes: http://host:8983/solr
  std::string collection;                   // or core
  uint64_t bulk_bytes = uint64_t{1} << 20;  // of a request's documents
  uint64_t connections = 4;                 // at most, at a time
  absl::Duration request_timeout = absl::Seconds(60);
  HttpOptions http;
};
OptionTable<SolrOptions> SolrOptionTable();

}  // namespace sparktail
