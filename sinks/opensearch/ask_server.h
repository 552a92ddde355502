#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/http/http_client.h"

namespace sparktail {

// A request to a cluster or to its dashboards, for setup and checks: few, one after the other, with
// small bodies.
struct ServerRequest {
  HttpMethod method = HttpMethod::kGet;
  std::string path;  // begins with "/", escaped, with the query
  std::string body;
  std::vector<std::string> headers = {"Content-Type: application/json"};
};

// Sends a request and waits for its response. Not thread safe.
using AskServer = std::function<HttpResponse(const ServerRequest& request)>;

// Returns a function that sends a request to the servers at `urls`, nodes of one cluster, in turn
// until one responds. It sends a request at most once to each node, and goes to the next one if a
// node, or the proxy before it, can't be reached. So requests must be safe to repeat. `client` is
// shared and must outlive the function.
AskServer AskServers(HttpClient* client, std::vector<std::string> urls, absl::Duration timeout);

// Converts a response that is not a success to a status with the message "cannot `deed`: why".
//   kUnavailable        the server is away or overloaded: it may work later
//   kUnauthenticated    401: the server does not accept the credentials
//   kPermissionDenied   403: the user lacks a right
//   kNotFound           404
//   kUnimplemented      the server has no such function: a module or plugin is missing
//   kFailedPrecondition any other rejection
absl::Status ToStatus(const HttpResponse& response, std::string_view deed);

// Returns `text` as a JSON string, with quotes.
std::string JsonString(std::string_view text);

}  // namespace sparktail
