#pragma once

#include "sinks/opensearch/ask_server.h"
#include "sinks/opensearch/finding.h"
#include "sinks/opensearch/opensearch_options.h"

namespace sparktail {

// Adds options.alias, which must be set, to existing indices that lack it. New indices get it from
// the template. Indices of a data stream are not changed.
Finding SetUpIndexAlias(const OpenSearchOptions& options, const AskServer& ask);

}  // namespace sparktail
