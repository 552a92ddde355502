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

// The signed parts of a request, exactly as they go over the wire.
struct AwsRequest {
  std::string method;
  std::string path;   // escaped, begins with "/"
  std::string query;  // escaped, without "?"
  // The signed headers. Names are in lower case and include "host" and "x-amz-date".
  std::map<std::string, std::string> headers;
  std::string body_hash;  // Sha256Hex() of the body as it is sent: compressed, if it is compressed
};

// Returns the value of the Authorization header: AWS Signature Version 4 with SHA-256, in the form
// that all services but S3 expect. libcurl 7.88 can sign too, but it neither sorts the query nor
// escapes all characters that AWS expects to be escaped, so AWS rejects its signature.
std::string AwsAuthorization(const AwsRequest& request, const AwsKeys& keys, absl::Time now);

// Returns the value of the x-amz-date header.
std::string AwsDate(absl::Time now);

// Returns the SHA-256 of `bytes` as hex digits in lower case.
std::string Sha256Hex(std::string_view bytes);

// Returns the value of the Host header: the port is included unless it is the scheme's default.
std::string AwsHost(const HttpUrl& url);

}  // namespace sparktail
