#include "sinks/opensearch/index_template.h"

#include <absl/strings/substitute.h>

#include "parsers/event_id.h"
#include "sinks/name_pattern.h"
#include "sinks/opensearch/ask_server.h"
#include "sinks/opensearch/index_mappings.json.h"

namespace sparktail {
namespace {

// Above the templates of the servers (100, 200) and of Elastic's agent (up to 500).
constexpr int kPriority = 550;

// A second limit: the mappings are strict, so the number of fields does not grow.
constexpr int kMostFields = 300;

// Stored objects may be as deep as the parser allows in a progress event (200), plus the levels
// around them. OpenSearch rejects documents with deeper arrays, even where nothing is indexed.
constexpr int kMostDepth = 250;

constexpr char kTemplate[] = R"({
  "index_patterns": [$0],
  "priority": $1,
  "template": {
    "settings": {
      "index": {
        "number_of_shards": $2,
        "number_of_replicas": $3,
        "mapping": {
          "ignore_malformed": true,
          "total_fields": {"limit": $4},
          "depth": {"limit": $5}
        }$6
      }
    },
    "aliases": $7,
    "mappings": $8
  }$9)";

constexpr char kPolicy[] = R"(,
        "lifecycle": {"name": $0})";

constexpr char kDataStream[] = R"(,
  "data_stream": {})";

constexpr char kMark[] = R"(,
  "_meta": {"sparktail": {"version": $0, "digest": "$1"}}
})";

// Returns the template without the mark and the last brace.
std::string Body(const OpenSearchOptions& options, bool has_policy) {
  return absl::Substitute(
      kTemplate, JsonString(IndexWildcard(options)), kPriority, options.shards, options.replicas,
      kMostFields, kMostDepth,
      has_policy ? absl::Substitute(kPolicy, JsonString(options.template_name)) : "",
      options.alias.empty() ? "{}" : "{" + JsonString(options.alias) + ": {}}",
      std::string(IndexMappings()), options.data_stream ? kDataStream : "");
}

std::string Marked(const std::string& body, const TemplateMark& mark) {
  return body + absl::Substitute(kMark, mark.version, mark.digest);
}

}  // namespace

std::string IndexTemplateJson(const OpenSearchOptions& options, ServerKind kind) {
  const bool has_policy = options.has_retention() && kind == ServerKind::kElasticsearch;
  return Marked(Body(options, has_policy), IndexTemplateMark(options));
}

std::string IndexTemplateJsonWithoutPolicy(const OpenSearchOptions& options) {
  return Marked(Body(options, /*has_policy=*/false), IndexTemplateMark(options));
}

TemplateMark IndexTemplateMark(const OpenSearchOptions& options) {
  const EventId digest = MakeEventId({Body(options, options.has_retention())});
  return {TemplateMark::kVersion, std::string(View(digest))};
}

std::string IndexWildcard(const OpenSearchOptions& options) {
  const absl::StatusOr<NamePattern> names =
      NamePattern::Parse(options.index, NamePattern::Use::kIndex);
  return names.ok() ? names->Wildcard() : options.index;
}

std::string_view IndexMappings() { return kIndexMappingsJson; }

}  // namespace sparktail
