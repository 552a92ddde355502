#pragma once

#include <absl/status/status.h>

#include <string>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/http/http_message.h"
#include "ingest/http/http_options.h"
#include "ingest/http/http_url.h"
#include "ingest/http/token_file.h"

namespace sparktail {

// Creates the headers that authenticate a request. Kerberos needs none: libcurl does it. Not thread
// safe.
class HttpCredentials {
 public:
  // `log` must outlive this object. `name` begins its messages.
  HttpCredentials(Log* log, std::string name, const HttpOptions& options);

  // kInvalidArgument: token_file can't be read, or holds no token.
  absl::Status Check();
  // Returns the headers for `request`. `url` is request.url in its parts.
  std::vector<std::string> HeadersOf(const HttpRequest& request, const HttpUrl& url);

 private:
  std::string Bearer();
  std::vector<std::string> Signature(const HttpRequest& request, const HttpUrl& url) const;

  Log* const log_;
  const std::string name_;
  const HttpOptions options_;
  TokenFile token_file_;
};

}  // namespace sparktail
