#pragma once

#include <vector>

#include "ingest/base/log.h"
#include "sinks/opensearch/ask_server.h"
#include "sinks/opensearch/finding.h"
#include "sinks/solr/solr_options.h"

namespace sparktail {

// Whether the sink can deliver: the collection is there, and knows events by their ids. Changes
// nothing. `log` is told what the client of HTTP has to say.
std::vector<Finding> SurveySolr(const SolrOptions& options, Log* log);
// The same, with somebody else's way to ask.
std::vector<Finding> SurveySolr(const SolrOptions& options, const AskServer& ask);

}  // namespace sparktail
