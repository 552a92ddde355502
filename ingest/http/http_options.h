#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/base/options.h"
#include "ingest/base/tls_options.h"

namespace sparktail {

// Options for connections to HTTP servers, shared by sinks and sources. http_options.cc describes
// each for users.
struct HttpOptions : TlsOptions {
  enum class Auth : uint8_t { kNone, kBasic, kApiKey, kBearer, kSigV4, kKerberos };

  Auth auth = Auth::kNone;
  std::string username;
  Secret password;
  Secret api_key;          // the encoded form, as Elasticsearch shows it
  Secret token;            // for bearer
  std::string token_file;  // a file with the token; it is read again for each request
  std::string aws_region;
  std::string aws_service = "es";  // aoss: OpenSearch Serverless
  std::string aws_access_key;
  Secret aws_secret_key;
  Secret aws_session_token;
  std::string kerberos_principal;
  std::string kerberos_keytab;
  bool insecure_skip_verify = false;
  std::string proxy;  // empty: none; the environment is ignored
  absl::Duration connect_timeout = absl::Seconds(10);
};
OptionTable<HttpOptions> HttpOptionTable();

// The form of options that are URLs of servers. Use ReadHttpUrl() to read one.
extern const TextForm kUrlForm;

// Checks that the options agree: basic has a username, and so on. kInvalidArgument: the message
// names the option and says what to change.
absl::Status CheckHttpOptions(const HttpOptions& options);

}  // namespace sparktail
