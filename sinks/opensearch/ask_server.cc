#include "sinks/opensearch/ask_server.h"

#include <utility>

#include "ingest/http/http_url.h"
#include "parsers/byte_buffer.h"
#include "parsers/json_text.h"
#include "sinks/opensearch/server_error.h"

namespace sparktail {
namespace {

// A list of ten thousand indices fits into a response of this size.
constexpr size_t kMostResponse = size_t{16} << 20;

// After these failures another node may succeed.
bool IsAway(const HttpResponse& response) {
  return response.failure != HttpFailure::kNone || response.status == 502 ||
         response.status == 503 || response.status == 504;
}

// True if the server has no such function. Elasticsearch 7 without ILM takes "_ilm" for an index.
bool IsUnknownFunction(const HttpResponse& response) {
  const auto says = [&](std::string_view text) {
    return response.body.find(text) != std::string::npos;
  };
  return response.status == 405 || says("no handler found for uri") || says("no such index [_") ||
         says("Invalid index name [_");
}

}  // namespace

AskServer AskServers(HttpClient* client, std::vector<std::string> urls, absl::Duration timeout) {
  for (std::string& url : urls) url = WithoutSlash(std::move(url));
  return [client, urls = std::move(urls), timeout](const ServerRequest& request) {
    HttpResponse response;
    response.failure = HttpFailure::kConnect;
    response.error = "no URL is configured";
    for (const std::string& url : urls) {
      HttpRequest sent;
      sent.method = request.method;
      sent.url = url + request.path;
      sent.headers = request.headers;
      sent.body = request.body;
      sent.most_bytes = kMostResponse;
      sent.timeout = timeout;
      response = client->Send(std::move(sent));
      if (!IsAway(response)) break;
    }
    return response;
  };
}

absl::Status ToStatus(const HttpResponse& response, std::string_view deed) {
  const std::string said = "cannot " + std::string(deed) + ": " + DescribeResponse(response);
  if (response.failure != HttpFailure::kNone) return absl::UnavailableError(said);
  if (response.status == 401) return absl::UnauthenticatedError(said);
  if (response.status == 403) return absl::PermissionDeniedError(said);
  if (response.status == 429 || response.status >= 500) return absl::UnavailableError(said);
  if (IsUnknownFunction(response)) return absl::UnimplementedError(said);
  if (response.status == 404) return absl::NotFoundError(said);
  return absl::FailedPreconditionError(said);
}

std::string JsonString(std::string_view text) {
  ByteBuffer buffer;
  AppendJsonString(text, &buffer);
  return std::string(buffer.view());
}

}  // namespace sparktail
