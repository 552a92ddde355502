#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sparktail {

enum class HttpMethod : uint8_t { kGet, kHead, kPost, kPut, kDelete };

// How an exchange failed before there was a whole answer.
enum class HttpFailure : uint8_t {
  kNone,      // there is a whole answer, whatever its status
  kConnect,   // no such host, nobody listens, no connection in time, a wrong URL: nothing was sent
  kTls,       // the certificates are not trusted, or ours is not
  kTimeout,   // it took too long, or came too slowly
  kBroken,    // the connection broke, or what came is no HTTP, or it was cut
  kTooLarge,  // the body is larger than most_bytes
};

struct HttpRequest {
  HttpMethod method = HttpMethod::kGet;
  std::string url;                   // http:// or https://, with query; escaped
  std::vector<std::string> headers;  // "Name: value", without control characters
  // Of kPost and kPut. Not copied: it must live, where it is, until `done` was called.
  std::string_view body;
  bool gzip_body = false;                      // body is compressed: Content-Encoding: gzip
  size_t most_bytes = size_t{1} << 20;         // of the answer's body, decoded
  absl::Duration timeout = absl::Seconds(60);  // of the whole exchange
};

struct HttpResponse {
  HttpFailure failure = HttpFailure::kNone;
  std::string error;  // a sentence, if failure: what a user can act on; no secrets in it
  int status = 0;     // 0 if no status line came
  std::string body;   // decoded; as far as it came, never more than most_bytes
  std::string content_type;
  std::string location;                       // of a redirect, absolute; it is never followed
  std::optional<absl::Duration> retry_after;  // Retry-After, in seconds or as a date; at most a day

  bool is_success() const { return failure == HttpFailure::kNone && status / 100 == 2; }
};

}  // namespace sparktail
