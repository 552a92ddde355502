#include "ingest/http/http_credentials.h"

#include <absl/strings/escaping.h>

#include <utility>

namespace sparktail {

HttpCredentials::HttpCredentials(Log* log, std::string name, const HttpOptions& options)
    : log_(log), name_(std::move(name)), options_(options), token_file_(options.token_file) {}

absl::Status HttpCredentials::Check() {
  if (options_.auth != HttpOptions::Auth::kBearer || options_.token_file.empty()) {
    return absl::OkStatus();
  }
  const absl::Status status = token_file_.Read();
  return status.ok() ? status : absl::InvalidArgumentError(status.message());
}

std::vector<std::string> HttpCredentials::HeadersOf(const HttpRequest&, const HttpUrl&) {
  switch (options_.auth) {
    case HttpOptions::Auth::kBasic:
      return {"Authorization: Basic " +
              absl::Base64Escape(options_.username + ":" + options_.password.Reveal())};
    case HttpOptions::Auth::kApiKey:
      return {"Authorization: ApiKey " + options_.api_key.Reveal()};
    case HttpOptions::Auth::kBearer:
      return {"Authorization: Bearer " + Bearer()};
    case HttpOptions::Auth::kNone:
    case HttpOptions::Auth::kSigV4:
    case HttpOptions::Auth::kKerberos:
      break;
  }
  return {};
}

// Reading is cheap beside an exchange, and needs no guess about what a change looks like.
std::string HttpCredentials::Bearer() {
  if (options_.token_file.empty()) return options_.token.Reveal();
  if (const absl::Status status = token_file_.Read(); !status.ok()) {
    log_->Warn(name_ + " token", name_ + ": " + std::string(status.message()) +
                                     "; the token that it held before is used");
  }
  return token_file_.text();
}

}  // namespace sparktail
