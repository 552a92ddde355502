#pragma once

#include <vector>

#include "ingest/base/log.h"
#include "sinks/opensearch/ask_server.h"
#include "sinks/opensearch/finding.h"
#include "sinks/solr/solr_options.h"

namespace sparktail {

// Reports whether the sink can deliver: the collection exists, and its unique key is the event's
// id. Changes nothing. `log` gets the messages of the HTTP client.
std::vector<Finding> SurveySolr(const SolrOptions& options, Log* log);
// This overload uses the caller's function to send requests.
std::vector<Finding> SurveySolr(const SolrOptions& options, const AskServer& ask);

}  // namespace sparktail
