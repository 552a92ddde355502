#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/http/http_message.h"

namespace sparktail {

// The outcome of a request to a ResourceManager, a NodeManager, a history server or a driver,
// judged by the status and the type of the body: the status of these servers alone is not reliable.
struct YarnAnswer {
  enum class Kind : uint8_t {
    kGood,        // a body of the requested type
    kMissing,     // 404
    kMoved,       // a redirect: the server does not have it, or not any longer
    kStandby,     // from a ResourceManager that is not active, or knows no active one
    kRefused,     // 401, 403, or a login page
    kWrong,       // a server error, or a body of another type
    kUnreachable  // no complete response
  };
  // kText is Hadoop's text/plain.
  enum class Body : uint8_t { kJson, kHtml, kText };

  Kind kind = Kind::kWrong;
  std::string why;  // unless kGood: a sentence for users about "it", the server
};

YarnAnswer Classify(const HttpResponse& response, YarnAnswer::Body wanted);

// A request for JSON to one of these servers.
HttpRequest JsonRequest(std::string url, absl::Duration timeout,
                        size_t most_bytes = size_t{1} << 20);

// OK for a response with JSON. kNotFound for kMissing, kUnavailable for all others; the message is
// the answer's sentence.
absl::Status CheckJson(const HttpResponse& response);

// kInvalidArgument: JSON that is not what was requested, for example "a list of jobs".
absl::Status WrongResponse(std::string_view what);

// Reads the response to a JsonRequest(). The error is that of CheckJson() or of `parse`.
template <typename T>
absl::StatusOr<T> ReadJson(const HttpResponse& response,
                           absl::StatusOr<T> (*parse)(std::string_view json)) {
  if (absl::Status status = CheckJson(response); !status.ok()) return status;
  return parse(response.body);
}

}  // namespace sparktail
