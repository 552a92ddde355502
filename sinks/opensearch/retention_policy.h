#pragma once

#include <string>

#include "sinks/opensearch/ask_server.h"
#include "sinks/opensearch/finding.h"
#include "sinks/opensearch/opensearch_options.h"
#include "sinks/opensearch/server_info.h"

namespace sparktail {

// A policy of the server's own (OpenSearch: index state management, ISM; Elasticsearch: index
// lifecycle management, ILM) under the template's name, which deletes indices when they are older
// than options.retention; those of a data stream it also rolls over. OpenSearch puts new indices
// under it by their names, Elasticsearch by the template. It bears a mark as the template does: one
// without it is a user's, and is not touched. Indices that are there before it are left alone.

// Makes it, or changes it if it is ours and not as it should be. For options with a retention.
Finding SetUpRetentionPolicy(const OpenSearchOptions& options, ServerKind kind,
                             const AskServer& ask);
// Looks for it, and changes nothing.
Finding CheckRetentionPolicy(const OpenSearchOptions& options, ServerKind kind,
                             const AskServer& ask);

// The bodies that are sent, with their mark.
std::string IsmPolicyJson(const OpenSearchOptions& options);
std::string IlmPolicyJson(const OpenSearchOptions& options);

}  // namespace sparktail
