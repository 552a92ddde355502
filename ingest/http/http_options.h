#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/base/options.h"

namespace sparktail {

// How HTTP servers are reached, of sinks and sources alike. Each option's text for users stands in
// http_options.cc.
struct HttpOptions {
  enum class Auth : uint8_t { kNone, kBasic, kApiKey, kBearer, kSigV4, kKerberos };

  Auth auth = Auth::kNone;
  std::string username;
  Secret password;
  Secret api_key;          // as Elasticsearch shows it: the encoded form
  Secret token;            // of bearer
  std::string token_file;  // or in a file, read anew when it changes
  std::string aws_region;
  std::string aws_service = "es";  // aoss: OpenSearch Serverless
  std::string aws_access_key;
  Secret aws_secret_key;
  Secret aws_session_token;
  std::string kerberos_principal;
  std::string kerberos_keytab;
  std::string ssl_ca;
  std::string ssl_certificate;
  std::string ssl_key;
  Secret ssl_key_password;
  bool insecure_skip_verify = false;
  std::string proxy;  // empty: none, whatever the environment says
  absl::Duration connect_timeout = absl::Seconds(10);
};
OptionTable<HttpOptions> HttpOptionTable();

// Of options that are the URL of a server: ReadHttpUrl() reads it.
extern const TextForm kUrlForm;

// What is given fits together: basic has its user, and so on. kInvalidArgument: a sentence that
// says what to give, naming the option.
absl::Status CheckHttpOptions(const HttpOptions& options);

}  // namespace sparktail
