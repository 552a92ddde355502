#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>

#include "sinks/opensearch/ask_server.h"

namespace sparktail {

// kUnknown: it does not say, or only to others. All that a sink needs works with it as well: the
// requests are those that OpenSearch and Elasticsearch (7.8 and later) have in common, in plain
// JSON. So Elasticsearch 8 is not asked to be compatible with 7 (a media type with
// "compatible-with"): there is nothing in which they differ.
enum class ServerKind : uint8_t { kUnknown, kOpenSearch, kElasticsearch };

struct ServerInfo {
  ServerKind kind = ServerKind::kUnknown;
  std::string version;  // "2.19.4"; empty: it does not say

  // "OpenSearch 2.19.4", "a server that does not say what it is".
  std::string Text() const;
};

// Finds out what it speaks to. There is no product check: what is not known is tried. Errors: it is
// away (kUnavailable), or does not let us in (kUnauthenticated).
absl::StatusOr<ServerInfo> AskServerInfo(const AskServer& ask);

}  // namespace sparktail
