#pragma once

#include <memory>

#include "sinks/bulk/bulk_sink.h"
#include "sinks/solr/solr_options.h"

namespace sparktail {

// Creates the sink for Solr: a BulkSink with its dialect. The caller sets those parts that are not
// options: log, store, dead letters and name.
std::unique_ptr<BulkSink> MakeSolrSink(const SolrOptions& options, BulkSink::Parts parts);

}  // namespace sparktail
