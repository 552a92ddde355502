#include "ingest/http/aws_signature.h"

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <vector>

#include "ingest/http/curl_handles.h"

namespace sparktail {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string Hex(std::string_view bytes) {
  return absl::BytesToHexString({bytes.data(), bytes.size()});
}

std::string Hmac(std::string_view key, std::string_view text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(digest.data()), &size);
  return digest;
}

std::string Unescape(std::string_view text) {
  if (text.empty()) return "";
  int size = 0;
  const CurlText plain(
      curl_easy_unescape(nullptr, text.data(), static_cast<int>(text.size()), &size));
  return plain == nullptr ? std::string(text) : std::string(plain.get(), size);
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// Removes ".", ".." and empty parts. Escapes the path once more, though it is escaped already: all
// services but S3 expect that.
std::string CanonicalPath(std::string_view path) {
  std::vector<std::string_view> parts;
  for (const std::string_view part : Split(path, '/')) {
    if (part == ".." && !parts.empty()) parts.pop_back();
    if (!part.empty() && part != "." && part != "..") parts.push_back(part);
  }
  std::string canonical;
  for (const std::string_view part : parts) canonical += "/" + EscapeUrlPart(part);
  if (parts.empty() || path.ends_with('/')) canonical += "/";
  return canonical;
}

std::string CanonicalQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const std::string_view one : Split(query, '&')) {
    if (one.empty()) continue;
    const size_t equals = std::min(one.find('='), one.size());
    parameters.emplace_back(EscapeUrlPart(Unescape(one.substr(0, equals))),
                            EscapeUrlPart(Unescape(one.substr(std::min(equals + 1, one.size())))));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string canonical;
  for (const auto& [name, value] : parameters) {
    canonical.append(canonical.empty() ? "" : "&").append(name).append("=").append(value);
  }
  return canonical;
}

std::string SignedNames(const AwsRequest& request) {
  std::string names;
  for (const auto& [name, value] : request.headers) {
    names.append(names.empty() ? "" : ";").append(name);
  }
  return names;
}

std::string CanonicalRequest(const AwsRequest& request) {
  std::string text = request.method + "\n" + CanonicalPath(request.path) + "\n" +
                     CanonicalQuery(request.query) + "\n";
  for (const auto& [name, value] : request.headers) {
    std::string words = value;
    absl::RemoveExtraAsciiWhitespace(&words);
    text.append(name).append(":").append(words).append("\n");
  }
  return text + "\n" + SignedNames(request) + "\n" + request.body_hash;
}

}  // namespace

std::string Sha256Hex(std::string_view bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return Hex(digest);
}

std::string AwsDate(absl::Time now) {
  return absl::FormatTime("%Y%m%dT%H%M%SZ", now, absl::UTCTimeZone());
}

std::string AwsHost(const HttpUrl& url) {
  return absl::AsciiStrToLower(url.has_default_port() ? url.host : url.authority());
}

std::string AwsAuthorization(const AwsRequest& request, const AwsKeys& keys, absl::Time now) {
  const std::string date = AwsDate(now);
  const std::string day = date.substr(0, date.find('T'));
  const std::string scope = day + "/" + keys.region + "/" + keys.service + "/aws4_request";
  const std::string to_sign = std::string(kAlgorithm) + "\n" + date + "\n" + scope + "\n" +
                              Sha256Hex(CanonicalRequest(request));
  std::string key = "AWS4" + keys.secret_key;
  for (const std::string_view part :
       {std::string_view(day), std::string_view(keys.region), std::string_view(keys.service),
        std::string_view("aws4_request")}) {
    key = Hmac(key, part);
  }
  return std::string(kAlgorithm) + " Credential=" + keys.access_key + "/" + scope +
         ", SignedHeaders=" + SignedNames(request) + ", Signature=" + Hex(Hmac(key, to_sign));
}

}  // namespace sparktail
