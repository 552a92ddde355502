#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sinks/opensearch/opensearch_options.h"
#include "sinks/opensearch/server_info.h"

namespace sparktail {

// The mark in the _meta of sparktail's templates: {"sparktail": {"version": 1, "digest": "…"}}. A
// template without it belongs to the user, and is not changed.
struct TemplateMark {
  // The version of index_mappings.json: increase it with each change.
  static constexpr int64_t kVersion = 1;

  int64_t version = 0;
  std::string digest;  // of the template without its mark

  bool operator==(const TemplateMark&) const = default;
};

// Returns the body of PUT _index_template/<template_name>. The indices of options.index get the
// typed fields of index_mappings.json and no others, so neither a log nor a user's metric can add
// fields. A malformed value is skipped rather than rejected where the server can do that. With a
// retention, the template for Elasticsearch names the policy. options.index must be valid.
std::string IndexTemplateJson(const OpenSearchOptions& options, ServerKind kind);
// Returns that template without the policy, for servers that have no policies.
std::string IndexTemplateJsonWithoutPolicy(const OpenSearchOptions& options);

// Returns the mark of both templates. It does not depend on the kind of the server, which one
// account may see and another may not.
TemplateMark IndexTemplateMark(const OpenSearchOptions& options);

// Returns the expression that matches the indices of options.index: "monitor-yarn-*-*".
std::string IndexWildcard(const OpenSearchOptions& options);

// Returns the contents of index_mappings.json.
std::string_view IndexMappings();

}  // namespace sparktail
