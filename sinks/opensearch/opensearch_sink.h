#pragma once

#include <memory>

#include "sinks/bulk/bulk_sink.h"
#include "sinks/opensearch/opensearch_options.h"

namespace sparktail {

// The sink of OpenSearch and Elasticsearch: a BulkSink that speaks their dialect, and has the index
// template installed before its first request. Of `parts` what no options say is set: log, store,
// dead letters, name.
std::unique_ptr<BulkSink> MakeOpenSearchSink(const OpenSearchOptions& options,
                                             BulkSink::Parts parts);

}  // namespace sparktail
