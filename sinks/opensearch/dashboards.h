#pragma once

#include <string>

#include "sinks/opensearch/ask_server.h"
#include "sinks/opensearch/finding.h"
#include "sinks/opensearch/opensearch_options.h"

namespace sparktail {

// Saved searches, a dashboard and their index pattern, for OpenSearch Dashboards and Kibana from
// 7.10 on (deploy/dashboards/opensearch.ndjson), by the API of saved objects.
//
// Ids begin with the template's name, so that those of two sinks do not meet. The dashboard's
// description ends with a mark; as long as that is the one of these objects, nothing is touched, so
// what a user has changed stays until a newer version of them comes. One whose mark is gone is a
// user's.

// As they are imported: a JSON object a line.
std::string DashboardObjects(const OpenSearchOptions& options);

// `ask` asks options.dashboards_url. For options with one.
Finding SetUpDashboards(const OpenSearchOptions& options, const AskServer& ask);
// Whether it answers, and has them. Changes nothing.
Finding CheckDashboards(const OpenSearchOptions& options, const AskServer& ask);

}  // namespace sparktail
