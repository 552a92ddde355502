#pragma once

#include <string>

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

}  // namespace sparktail
