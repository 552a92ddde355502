#pragma once

#include <string>
#include <string_view>

#include "ingest/http/http_message.h"

namespace sparktail {

// What OpenSearch and Elasticsearch say of an error, in an answer's body or in an item of a bulk:
//   {"type":"…_exception","reason":"…","caused_by":{…}}, or a text
struct ServerError {
  std::string type;    // empty: none is told
  std::string reason;  // with that of its cause; at most kMostBytes of it
  static constexpr size_t kMostBytes = 1000;

  // "mapper_parsing_exception: failed to parse field [n]"
  std::string Text() const;
};

// Of a whole answer that is an error: {"error":…,"status":…}. Empty if it is none, such as a page
// of a proxy.
ServerError ReadServerError(std::string_view body);

// An answer that is no success, for an operator: "HTTP 403, security_exception: no permissions for
// …", "HTTP 502, an answer of text/html".
std::string TellAnswer(const HttpResponse& response);

}  // namespace sparktail
