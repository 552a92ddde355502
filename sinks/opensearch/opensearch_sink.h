#pragma once

#include <memory>

#include "sinks/bulk/bulk_sink.h"
#include "sinks/opensearch/opensearch_options.h"

namespace sparktail {

// Creates the sink for OpenSearch and Elasticsearch: a BulkSink with their dialect, which installs
// the index template before its first request. The caller sets those parts that are not options:
// log, store, dead letters and name.
std::unique_ptr<BulkSink> MakeOpenSearchSink(const OpenSearchOptions& options,
                                             BulkSink::Parts parts);

}  // namespace sparktail
