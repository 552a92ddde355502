#pragma once

#include <vector>

#include "ingest/base/log.h"
#include "sinks/opensearch/ask_server.h"
#include "sinks/opensearch/finding.h"
#include "sinks/opensearch/opensearch_options.h"

namespace sparktail {

// Makes all that a sink of OpenSearch or Elasticsearch can bring along: the retention policy, the
// index template, the alias, the dashboard. What is there and as it should be is left as it is, so
// it may be done again. Says what was found, and what was made. `log` is told what the client of
// HTTP has to say.
std::vector<Finding> SetUpOpenSearch(const OpenSearchOptions& options, Log* log);

// Whether the sink can deliver: what it speaks to, whether that lets us in, and what of the above
// is there. Changes nothing.
std::vector<Finding> SurveyOpenSearch(const OpenSearchOptions& options, Log* log);

// The same, with somebody else's way to ask the cluster and the dashboards.
std::vector<Finding> SetUpOpenSearch(const OpenSearchOptions& options, const AskServer& cluster,
                                     const AskServer& dashboards);
std::vector<Finding> SurveyOpenSearch(const OpenSearchOptions& options, const AskServer& cluster,
                                      const AskServer& dashboards);

}  // namespace sparktail
