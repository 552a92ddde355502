#pragma once

#include <memory>

#include "sinks/bulk/bulk_sink.h"
#include "sinks/solr/solr_options.h"

namespace sparktail {

// The sink of Solr: a BulkSink that speaks its dialect. Of `parts` what no options say is set: log,
// store, dead letters, name.
std::unique_ptr<BulkSink> MakeSolrSink(const SolrOptions& options, BulkSink::Parts parts);

}  // namespace sparktail
