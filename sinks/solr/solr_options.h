#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ingest/base/options.h"
#include "ingest/http/http_options.h"

namespace sparktail {

// Options of a sink of kind solr. solr_options.cc describes each for users.
struct SolrOptions {
  std::vector<std::string> urls;            // of nodes: http://host:8983/solr
  std::string collection;                   // a collection or a core
  uint64_t bulk_bytes = uint64_t{1} << 20;  // documents in one request
  uint64_t connections = 4;                 // most requests at a time
  absl::Duration request_timeout = absl::Seconds(60);
  HttpOptions http;
};
OptionTable<SolrOptions> SolrOptionTable();

}  // namespace sparktail
