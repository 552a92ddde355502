#pragma once

#include <string>
#include <string_view>

#include "ingest/http/http_message.h"

namespace sparktail {

// An error of OpenSearch or Elasticsearch, in the body of a response or in an item of a bulk
// response:
//   {"type":"…_exception","reason":"…","caused_by":{…}}, or a string
struct ServerError {
  std::string type;    // empty: the server returned none
  std::string reason;  // with the reasons of its causes, cut after kMostBytes
  static constexpr size_t kMostBytes = 1000;

  // Returns "mapper_parsing_exception: failed to parse field [n]".
  std::string Text() const;
};

// Reads the body of an error response: {"error":…,"status":…}. Returns an empty error if the body
// is something else, such as a page of a proxy.
ServerError ReadServerError(std::string_view body);

// Describes a response that is not a success, for operators: "HTTP 403, security_exception: no
// permissions for …", "HTTP 502, a response of type text/html".
std::string DescribeResponse(const HttpResponse& response);
// `error` is what its body says; it may be empty.
std::string DescribeResponse(const HttpResponse& response, std::string_view error);

}  // namespace sparktail
