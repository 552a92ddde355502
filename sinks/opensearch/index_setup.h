#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/base/log.h"
#include "sinks/opensearch/ask_server.h"
#include "sinks/opensearch/finding.h"
#include "sinks/opensearch/opensearch_options.h"
#include "sinks/opensearch/server_info.h"

namespace sparktail {

// The state of the index template on the server.
struct TemplateState {
  enum class What : uint8_t {
    kMissing,
    kEqual,         // the one that we would install
    kStale,         // ours, from an older version of sparktail or other options
    kNewer,         // from a newer version of sparktail
    kForeign,       // without our mark: it belongs to a user, or a user took it over
    kOtherIndices,  // ours, but for the indices of another sink
  };
  What what = What::kMissing;
  std::string patterns;  // its index patterns, if it exists
};

// Looks for the template. Errors are those of ToStatus(); kUnimplemented: the server is too old for
// index templates.
absl::StatusOr<TemplateState> LookForIndexTemplate(const OpenSearchOptions& options,
                                                   const AskServer& ask);

// The result of InstallIndexTemplate().
struct TemplateOutcome {
  enum class What : uint8_t {
    kCreated,
    kReplaced,
    kUnchanged,
    kLeft,  // unchanged, because it is a user's, or from a newer sparktail
  };
  What what = What::kUnchanged;
  bool lacks_policy = false;  // installed without a policy, because the server has none
  std::string text;           // a sentence for users that says all of this
};

// Installs the template if it is missing, and replaces it if it is ours and stale. Many processes
// may do so at the same time. Errors are those of ToStatus(), and kFailedPrecondition if the
// template is for another sink's indices.
absl::StatusOr<TemplateOutcome> InstallIndexTemplate(const OpenSearchOptions& options,
                                                     ServerKind kind, const AskServer& ask);

// Prepares a server for a sink's first bulk request: finds the server's kind and version, and
// installs the template unless options.manage_template is false. Log lines begin with `sink`. All
// errors are kUnavailable: the sink pauses and calls this again, until somebody fixed the cause.
// The message names the cause and `sparktail setup`.
absl::StatusOr<ServerInfo> PrepareIndices(const OpenSearchOptions& options, const AskServer& ask,
                                          std::string_view sink, Log* log);

// For `sparktail setup`: installs the template, and reports that.
Finding SetUpIndexTemplate(const OpenSearchOptions& options, ServerKind kind, const AskServer& ask);
// For `sparktail check`: reports whether the template exists and is ours. Changes nothing.
Finding CheckIndexTemplate(const OpenSearchOptions& options, const AskServer& ask);

}  // namespace sparktail
