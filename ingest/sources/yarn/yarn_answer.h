#pragma once

#include <string>

#include "ingest/http/http_message.h"

namespace sparktail {

// What has come of a request to a ResourceManager, a NodeManager, a history server or a driver, as
// far as the status and what kind of body it has tell. None of them can be trusted to say with the
// status what it means.
struct YarnAnswer {
  enum class Kind : uint8_t {
    kGood,        // a body of the kind that was asked for
    kMissing,     // 404
    kMoved,       // a redirect: what was asked for is not here (any more)
    kStandby,     // of a ResourceManager that is not the active one, or knows of none
    kRefused,     // 401, 403, or a page to log in
    kWrong,       // an error of the server, or a body of another kind
    kUnreachable  // no whole answer
  };
  // kText: Hadoop's text/plain.
  enum class Body : uint8_t { kJson, kHtml, kText };

  Kind kind = Kind::kWrong;
  std::string why;  // unless kGood: a sentence for users, without the address
};

YarnAnswer Classify(const HttpResponse& response, YarnAnswer::Body wanted);

}  // namespace sparktail
