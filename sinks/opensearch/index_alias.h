#pragma once

#include "sinks/opensearch/ask_server.h"
#include "sinks/opensearch/finding.h"
#include "sinks/opensearch/opensearch_options.h"

namespace sparktail {

// New indices have options.alias by the template. Gives it to those that are there already and lack
// it; those of a data stream are left alone. For options with an alias.
Finding SetUpIndexAlias(const OpenSearchOptions& options, const AskServer& ask);

}  // namespace sparktail
