#include "ingest/http/http_url.h"

#include <absl/status/status.h>
#include <absl/strings/ascii.h>

#include "ingest/http/curl_handles.h"

namespace sparktail {
namespace {

std::string PartOf(const CurlUrl& url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return "";
  return CurlText(text).get();
}

absl::Status Wrong(CURLUcode code) {
  switch (code) {
    case CURLUE_USER_NOT_ALLOWED:
      return absl::InvalidArgumentError(
          "use a URL without user and password: set the options for them instead");
    case CURLUE_OUT_OF_MEMORY:
      return absl::ResourceExhaustedError("out of memory");
    default:
      return absl::InvalidArgumentError(
          "use a URL with http:// or https:// and a host, such as https://search:9200, and escape "
          "special characters in it");
  }
}

}  // namespace

bool HttpUrl::is_loopback() const {
  const bool is_v4 = host.find_first_not_of("0123456789.") == std::string::npos;
  return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
         (is_v4 && host.starts_with("127."));
}

absl::StatusOr<HttpUrl> ReadHttpUrl(const std::string& text) {
  const CurlUrl parser(curl_url());
  if (parser == nullptr) return Wrong(CURLUE_OUT_OF_MEMORY);
  const CURLUcode code = curl_url_set(parser.get(), CURLUPART_URL, text.c_str(),
                                      CURLU_DISALLOW_USER | CURLU_PATH_AS_IS);
  if (code != CURLUE_OK || text.find('\0') != std::string::npos) return Wrong(code);
  const std::string scheme = PartOf(parser, CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return Wrong(CURLUE_UNSUPPORTED_SCHEME);
  HttpUrl url;
  url.is_tls = scheme == "https";
  url.host = PartOf(parser, CURLUPART_HOST);
  url.port = PartOf(parser, CURLUPART_PORT);
  url.path = PartOf(parser, CURLUPART_PATH);
  url.query = PartOf(parser, CURLUPART_QUERY);
  return url;
}

std::string EscapeUrlPart(std::string_view text) {
  static constexpr std::string_view kUnreserved = "-._~";
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || kUnreserved.find(c) != kUnreserved.npos) {
      escaped += c;
    } else {
      escaped += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return escaped;
}

std::string WithoutSlash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace sparktail
