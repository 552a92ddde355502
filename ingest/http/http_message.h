#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sparktail {

enum class HttpMethod : uint8_t { kGet, kHead, kPost, kPut, kDelete };

// The reason why there is no complete response.
enum class HttpFailure : uint8_t {
  kNone,      // the response is complete, whatever its status
  kConnect,   // no such host, refused, not connected in time, a wrong URL: nothing was sent
  kTls,       // one side does not trust the other's certificate
  kTimeout,   // the response took too long, or arrived too slowly
  kBroken,    // the connection broke, or the response is cut or not HTTP
  kTooLarge,  // the body is larger than most_bytes
};

struct HttpRequest {
  HttpMethod method = HttpMethod::kGet;
  std::string url;                   // http:// or https://, escaped, with the query
  std::vector<std::string> headers;  // "Name: value", without control characters
  // The body for kPost and kPut. It is not copied: the bytes must stay valid until `done` was
  // called.
  std::string_view body;
  bool gzip_body = false;                      // `body` is gzip: adds Content-Encoding: gzip
  size_t most_bytes = size_t{1} << 20;         // limit for the decoded response body
  absl::Duration timeout = absl::Seconds(60);  // limit for the whole exchange
};

struct HttpResponse {
  HttpFailure failure = HttpFailure::kNone;
  std::string error;  // after a failure, a sentence that a user can act on; it holds no secret
  int status = 0;     // 0 if no status line arrived
  std::string body;   // decoded, as much as arrived, at most most_bytes
  std::string content_type;
  std::string location;                       // absolute URL of a redirect, which is not followed
  std::optional<absl::Duration> retry_after;  // the wait that Retry-After requests; at most a day

  void Fail(HttpFailure why, std::string message) {
    failure = why;
    error = std::move(message);
  }
  bool is_success() const { return failure == HttpFailure::kNone && status / 100 == 2; }
};

}  // namespace sparktail
