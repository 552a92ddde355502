#pragma once

#include <absl/time/time.h>

#include <map>
#include <string>
#include <string_view>

#include "ingest/http/http_url.h"

namespace sparktail {

struct AwsKeys {
  std::string region;
  std::string service;
  std::string access_key;
  std::string secret_key;
};

// What of a request is signed, as it goes over the wire.
struct AwsRequest {
  std::string method;
  std::string path;   // escaped, from "/" on
  std::string query;  // escaped, without "?"
  // Those that are signed: names in lower case, "host" and "x-amz-date" among them.
  std::map<std::string, std::string> headers;
  std::string body_hash;  // Sha256Hex() of the body: of the compressed one, if that is what is sent
};

// The value of the Authorization header: Signature Version 4 of AWS, with SHA-256, as all services
// but S3 want it. libcurl has it too, but 7.88 signs queries as they stand: unsorted, and with
// characters that AWS wants escaped.
std::string AwsAuthorization(const AwsRequest& request, const AwsKeys& keys, absl::Time now);

// The value of the x-amz-date header.
std::string AwsDate(absl::Time now);

// In lower case.
std::string Sha256Hex(std::string_view bytes);

// The host as a Host header has it: with its port, if that is not the scheme's own.
std::string AwsHost(const HttpUrl& url);

}  // namespace sparktail
