#include "sinks/opensearch/server_info.h"

#include <simdjson.h>

#include <optional>
#include <string_view>

#include "ingest/base/utf8.h"

namespace sparktail {
namespace {

namespace dom = simdjson::dom;

constexpr size_t kMostVersion = 64;

// {"version": {"distribution": "opensearch", "number": "2.19.4"}}; Elasticsearch has no
// distribution.
std::optional<ServerInfo> ReadRoot(const std::string& body) {
  dom::parser parser;
  dom::element answer;
  std::string_view number;
  if (parser.parse(body).get(answer) || answer["version"]["number"].get(number)) {
    return std::nullopt;
  }
  dom::element distribution;
  const bool is_elasticsearch = answer["version"]["distribution"].get(distribution) != 0;
  ServerInfo info;
  info.kind = is_elasticsearch ? ServerKind::kElasticsearch : ServerKind::kOpenSearch;
  info.version = ValidUtf8(number, kMostVersion);
  return info;
}

// {"nodes": {"<id>": {"version": "8.17.0", "build_flavor": "default"}}}; OpenSearch's builds have
// no flavor.
std::optional<ServerInfo> ReadNodes(const std::string& body) {
  dom::parser parser;
  dom::element answer;
  dom::object nodes;
  if (parser.parse(body).get(answer) || answer["nodes"].get(nodes)) return std::nullopt;
  for (const dom::key_value_pair node : nodes) {
    std::string_view version;
    dom::element flavor;
    if (node.value["version"].get(version)) continue;
    ServerInfo info;
    info.kind = node.value["build_flavor"].get(flavor) ? ServerKind::kOpenSearch
                                                       : ServerKind::kElasticsearch;
    info.version = ValidUtf8(version, kMostVersion);
    return info;
  }
  return std::nullopt;
}

ServerRequest Get(std::string path) { return {HttpMethod::kGet, std::move(path), "", {}}; }

}  // namespace

std::string ServerInfo::Text() const {
  if (kind == ServerKind::kUnknown) return "a server of unknown kind";
  const std::string name = kind == ServerKind::kOpenSearch ? "OpenSearch" : "Elasticsearch";
  return version.empty() ? name : name + " " + version;
}

absl::StatusOr<ServerInfo> AskServerInfo(const AskServer& ask) {
  const HttpResponse root = ask(Get("/"));
  if (root.is_success()) {
    if (const std::optional<ServerInfo> info = ReadRoot(root.body)) return *info;
  } else {
    const absl::Status status = ToStatus(root, "read the server's version");
    if (absl::IsUnavailable(status) || absl::IsUnauthenticated(status)) return status;
  }
  // Some servers have no root page, or show it to few users.
  const HttpResponse nodes = ask(Get("/_nodes/_local?filter_path=nodes.*.version,nodes.*.build_*"));
  if (!nodes.is_success()) return ServerInfo();
  return ReadNodes(nodes.body).value_or(ServerInfo());
}

}  // namespace sparktail
