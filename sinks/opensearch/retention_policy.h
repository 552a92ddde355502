#pragma once

#include <string>

#include "sinks/opensearch/ask_server.h"
#include "sinks/opensearch/finding.h"
#include "sinks/opensearch/opensearch_options.h"
#include "sinks/opensearch/server_info.h"

namespace sparktail {

// A policy of the server (OpenSearch: index state management, ISM; Elasticsearch: index lifecycle
// management, ILM) that deletes indices older than options.retention, and rolls over those of a
// data stream. It has the template's name. OpenSearch applies it to new indices by their names,
// Elasticsearch by the template. It has a mark like the template's: a policy without a mark belongs
// to a user, and is not changed. Indices that are older than the policy are not changed either.

// Creates the policy, or changes it if it is ours and differs. options.retention must be set.
Finding SetUpRetentionPolicy(const OpenSearchOptions& options, ServerKind kind,
                             const AskServer& ask);
// Looks for the policy. Changes nothing.
Finding CheckRetentionPolicy(const OpenSearchOptions& options, ServerKind kind,
                             const AskServer& ask);

// Return the bodies of the requests, with the mark.
std::string IsmPolicyJson(const OpenSearchOptions& options);
std::string IlmPolicyJson(const OpenSearchOptions& options);

}  // namespace sparktail
