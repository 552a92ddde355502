#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ingest/base/options.h"
#include "ingest/http/http_options.h"

namespace sparktail {

// Options of all sinks for search servers. bulk_options.cc describes each for users.
struct BulkOptions {
  std::vector<std::string> urls;  // of the nodes of one cluster, or of a proxy before them
  uint64_t bulk_bytes = uint64_t{1} << 20;  // documents in one request, before compression
  uint64_t connections = 4;                 // most requests at a time
  std::string compression = "none";         // or gzip
  absl::Duration request_timeout = absl::Seconds(60);
  HttpOptions http;
};
// All of them but `urls`, whose sentence differs. `compresses`: the server accepts compression.
OptionTable<BulkOptions> BulkOptionTable(bool compresses);

}  // namespace sparktail
