#include "ingest/http/http_credentials.h"

#include <absl/strings/escaping.h>
#include <absl/time/clock.h>

#include <array>
#include <utility>

#include "ingest/http/aws_signature.h"

namespace sparktail {
namespace {

std::string NameOf(HttpMethod method) {
  static constexpr std::array<const char*, 5> kNames = {"GET", "HEAD", "POST", "PUT", "DELETE"};
  return kNames[static_cast<size_t>(method)];
}

}  // namespace

HttpCredentials::HttpCredentials(Log* log, std::string name, const HttpOptions& options)
    : log_(log), name_(std::move(name)), options_(options), token_file_(options.token_file) {}

absl::Status HttpCredentials::Check() {
  if (options_.auth != HttpOptions::Auth::kBearer || options_.token_file.empty()) {
    return absl::OkStatus();
  }
  const absl::Status status = token_file_.Read();
  return status.ok() ? status : absl::InvalidArgumentError(status.message());
}

std::vector<std::string> HttpCredentials::HeadersOf(const HttpRequest& request,
                                                    const HttpUrl& url) {
  switch (options_.auth) {
    case HttpOptions::Auth::kBasic:
      return {"Authorization: Basic " +
              absl::Base64Escape(options_.username + ":" + options_.password.Reveal())};
    case HttpOptions::Auth::kApiKey:
      return {"Authorization: ApiKey " + options_.api_key.Reveal()};
    case HttpOptions::Auth::kBearer:
      return {"Authorization: Bearer " + Bearer()};
    case HttpOptions::Auth::kSigV4:
      return Signature(request, url);
    case HttpOptions::Auth::kNone:
    case HttpOptions::Auth::kKerberos:
      break;
  }
  return {};
}

// The file is read for each request: that is cheap beside the request, and misses no change.
std::string HttpCredentials::Bearer() {
  if (options_.token_file.empty()) return options_.token.Reveal();
  if (const absl::Status status = token_file_.Read(); !status.ok()) {
    log_->Warn(name_ + " token",
               name_ + ": " + std::string(status.message()) + "; its previous token stays in use");
  }
  return token_file_.text();
}

std::vector<std::string> HttpCredentials::Signature(const HttpRequest& request,
                                                    const HttpUrl& url) const {
  const absl::Time now = absl::Now();
  const bool has_body = request.method == HttpMethod::kPost || request.method == HttpMethod::kPut;
  AwsRequest signed_part;
  signed_part.method = NameOf(request.method);
  signed_part.path = url.path;
  signed_part.query = url.query;
  signed_part.body_hash = Sha256Hex(has_body ? request.body : std::string_view());
  signed_part.headers = {{"host", AwsHost(url)},
                         {"x-amz-content-sha256", signed_part.body_hash},
                         {"x-amz-date", AwsDate(now)}};
  const std::string& token = options_.aws_session_token.Reveal();
  if (!token.empty()) signed_part.headers.emplace("x-amz-security-token", token);
  const AwsKeys keys = {options_.aws_region, options_.aws_service, options_.aws_access_key,
                        options_.aws_secret_key.Reveal()};
  std::vector<std::string> headers;
  for (const auto& [name, value] : signed_part.headers) {
    headers.push_back(std::string(name).append(": ").append(value));
  }
  headers.push_back("Authorization: " + AwsAuthorization(signed_part, keys, now));
  return headers;
}

}  // namespace sparktail
