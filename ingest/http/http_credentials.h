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

// What proves to a server who we are, as far as headers do that. One thread.
class HttpCredentials {
 public:
  // `log` outlives it; `name` is for messages.
  HttpCredentials(Log* log, std::string name, const HttpOptions& options);

  // What it needs is there. kInvalidArgument: a file that can't be read.
  absl::Status Check();
  // Those of a request to `url`, which is request.url.
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
