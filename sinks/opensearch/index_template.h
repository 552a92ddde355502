#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sinks/opensearch/opensearch_options.h"
#include "sinks/opensearch/server_info.h"

namespace sparktail {

// What a template of sparktail's bears in its _meta: {"sparktail": {"version": 1, "digest": "…"}}.
// One without it belongs to the user, and is not touched.
struct TemplateMark {
  // Of index_mappings.json: one more with each change of it.
  static constexpr int64_t kVersion = 1;

  int64_t version = 0;
  std::string digest;  // of all else in the template

  bool operator==(const TemplateMark&) const = default;
};

// The body of PUT _index_template/<template_name>: the indices of options.index have typed fields
// (index_mappings.json) and no others, so neither a log nor a user's metric can add any, and no
// value of a field is refused for its form where the server can pass over it. With a retention
// Elasticsearch's has the policy's name. options.index is one that was checked.
std::string IndexTemplateJson(const OpenSearchOptions& options, ServerKind kind);
// The same without the policy, for servers that know none.
std::string IndexTemplateJsonWithoutPolicy(const OpenSearchOptions& options);

// That of both, whatever the server: one account may see what it is, another not.
TemplateMark IndexTemplateMark(const OpenSearchOptions& options);

// The names that the indices of options.index have, as the server writes it: "monitor-yarn-*-*".
std::string IndexWildcard(const OpenSearchOptions& options);

// The mappings alone, as they stand in index_mappings.json.
std::string_view IndexMappings();

}  // namespace sparktail
