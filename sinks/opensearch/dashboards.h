#pragma once

#include <string>

#include "sinks/opensearch/ask_server.h"
#include "sinks/opensearch/finding.h"
#include "sinks/opensearch/opensearch_options.h"

namespace sparktail {

// Saved searches, a dashboard and their index pattern (deploy/dashboards/opensearch.ndjson) for
// OpenSearch Dashboards and Kibana 7.10 and later, installed by the saved objects API.
//
// Ids begin with the template's name, so those of two sinks differ. The description of the
// dashboard ends with a mark of the version of these objects. While the mark is that of the present
// version, nothing is changed, so a user's changes stay until sparktail has newer objects. A
// dashboard without a mark belongs to the user.

// Returns the objects to import, one JSON object a line.
std::string DashboardObjects(const OpenSearchOptions& options);

// Installs the objects, or replaces older ones. `ask` sends requests to options.dashboards_url,
// which must be set.
Finding SetUpDashboards(const OpenSearchOptions& options, const AskServer& ask);
// Reports whether options.dashboards_url responds and has the objects. Changes nothing.
Finding CheckDashboards(const OpenSearchOptions& options, const AskServer& ask);

}  // namespace sparktail
