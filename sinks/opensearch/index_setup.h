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

// The template of the indices, as it is on the server.
struct TemplateState {
  enum class What : uint8_t {
    kMissing,
    kEqual,         // as we would install it
    kStale,         // ours, of an older version of sparktail, or of other options
    kNewer,         // of a newer version of sparktail
    kForeign,       // without our mark: a user's, or one that a user has taken over
    kOtherIndices,  // ours, but that of another sink
  };
  What what = What::kMissing;
  std::string patterns;  // the indices that it is for, if it is there
};

// Looks for it. Errors are those of ToStatus(); kUnimplemented: the server is older than such
// templates.
absl::StatusOr<TemplateState> LookForIndexTemplate(const OpenSearchOptions& options,
                                                   const AskServer& ask);

// What was done about it.
struct TemplateOutcome {
  enum class What : uint8_t {
    kCreated,
    kReplaced,
    kUnchanged,
    kLeft,  // it is a user's, or of a newer sparktail
  };
  What what = What::kUnchanged;
  bool lacks_policy = false;  // the server knows no policies, so it is without
  std::string text;           // all of that, for the user
};

// Installs it if it is missing, and replaces it if it is ours and stale. Doing so at once in many
// processes does no harm. Errors: those of ToStatus(), and kFailedPrecondition if it is that of
// another sink.
absl::StatusOr<TemplateOutcome> InstallIndexTemplate(const OpenSearchOptions& options,
                                                     ServerKind kind, const AskServer& ask);

// What a sink does before its first bulk: finds out what it speaks to, and installs the template
// unless options.manage_template is false; `log` is told, in the name of `sink`. All errors are
// kUnavailable: the sink pauses until somebody has mended what the message says (it names
// `sparktail setup`), and calls this again.
absl::StatusOr<ServerInfo> PrepareIndices(const OpenSearchOptions& options, const AskServer& ask,
                                          std::string_view sink, Log* log);

// For setup: installs it, and says so.
Finding SetUpIndexTemplate(const OpenSearchOptions& options, ServerKind kind, const AskServer& ask);
// For check: whether it is there, and ours.
Finding CheckIndexTemplate(const OpenSearchOptions& options, const AskServer& ask);

}  // namespace sparktail
