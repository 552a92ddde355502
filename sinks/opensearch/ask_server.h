#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/http/http_client.h"

namespace sparktail {

// A question to a cluster or to its dashboards, as setting up asks them: seldom, one after the
// other, with small bodies.
struct ServerRequest {
  HttpMethod method = HttpMethod::kGet;
  std::string path;  // from "/" on, with its query; escaped
  std::string body;
  std::vector<std::string> headers = {"Content-Type: application/json"};
};

// Sends it, and waits for the answer. One thread.
using AskServer = std::function<HttpResponse(const ServerRequest& request)>;

// Asks the servers at `urls`, all of one cluster, in turn until one answers: a node that can't be
// reached, or whose proxy can't reach it, is not asked twice for one request. Nothing that is asked
// does harm when it is done twice. `client` is shared, and outlives it.
AskServer AskServers(HttpClient* client, std::vector<std::string> urls, absl::Duration timeout);

// An answer that is no success, as a status whose message is a sentence: "cannot `deed`: why".
//   kUnavailable        the server is away, or has too much to do: it may work later
//   kUnauthenticated    401: it does not know who we are
//   kPermissionDenied   403: it knows, but we may not
//   kNotFound           404
//   kUnimplemented      the server has no such function: a module or plugin is missing
//   kFailedPrecondition any other refusal
absl::Status ToStatus(const HttpResponse& response, std::string_view deed);

// `text` as a part of a path: all but letters, digits and - . _ ~ escaped (RFC 3986).
std::string EscapePath(std::string_view text);

// `text` as a string of JSON, with its quotes.
std::string JsonString(std::string_view text);

}  // namespace sparktail
