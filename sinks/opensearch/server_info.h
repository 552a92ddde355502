#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>

#include "sinks/opensearch/ask_server.h"

namespace sparktail {

// kUnknown: the server does not report it, or not to this user. A sink works with such a server
// too: it uses only requests that OpenSearch and Elasticsearch (7.8 and later) have in common, in
// plain JSON. For the same reason Elasticsearch 8 needs no media type with "compatible-with".
enum class ServerKind : uint8_t { kUnknown, kOpenSearch, kElasticsearch };

struct ServerInfo {
  ServerKind kind = ServerKind::kUnknown;
  std::string version;  // "2.19.4"; empty: not reported

  // Returns "OpenSearch 2.19.4", or "a server of unknown kind".
  std::string Text() const;
};

// Finds the kind and version of a server. There is no product check: a server of unknown kind is
// accepted. kUnavailable: the server is away. kUnauthenticated: it does not accept the credentials.
absl::StatusOr<ServerInfo> AskServerInfo(const AskServer& ask);

}  // namespace sparktail
