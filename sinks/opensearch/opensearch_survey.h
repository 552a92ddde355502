#pragma once

#include <vector>

#include "ingest/base/log.h"
#include "sinks/opensearch/ask_server.h"
#include "sinks/opensearch/finding.h"
#include "sinks/opensearch/opensearch_options.h"

namespace sparktail {

// Installs the retention policy, the index template, the alias and the dashboard for a sink of kind
// opensearch or elasticsearch. Objects that are right already stay unchanged, so it may be called
// again. Returns what was found and created. `log` gets the messages of the HTTP client.
std::vector<Finding> SetUpOpenSearch(const OpenSearchOptions& options, Log* log);

// Reports whether the sink can deliver: the kind of the server, whether it accepts the log-in, and
// which of these objects exist. Changes nothing.
std::vector<Finding> SurveyOpenSearch(const OpenSearchOptions& options, Log* log);

// These overloads use the caller's functions to send requests to the cluster and the dashboards.
std::vector<Finding> SetUpOpenSearch(const OpenSearchOptions& options, const AskServer& cluster,
                                     const AskServer& dashboards);
std::vector<Finding> SurveyOpenSearch(const OpenSearchOptions& options, const AskServer& cluster,
                                      const AskServer& dashboards);

}  // namespace sparktail
