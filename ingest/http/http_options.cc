#include "ingest/http/http_options.h"

#include <algorithm>
#include <array>
#include <vector>

#include "ingest/http/http_url.h"

namespace sparktail {
namespace {

using Auth = HttpOptions::Auth;

bool IsProxy(std::string_view text) {
  const size_t end = text.find("://");
  if (end == std::string_view::npos) return false;
  const std::string_view scheme = text.substr(0, end);
  if (scheme != "http" && scheme != "https" && scheme != "socks5h") return false;
  const absl::StatusOr<HttpUrl> url = ReadHttpUrl("http" + std::string(text.substr(end)));
  return url.ok() && url->path == "/" && url->query.empty();
}
constexpr TextForm kProxyForm = {"http://host:port, https://host:port or socks5h://host:port",
                                 "^(http|https|socks5h)://[^ ,@]+$", IsProxy};

bool IsServer(std::string_view text) {
  const absl::StatusOr<HttpUrl> url = ReadHttpUrl(std::string(text));
  return url.ok() && url->query.empty() && text.find('#') == std::string_view::npos;
}

std::string NameOf(Auth auth) {
  static constexpr std::array<const char*, 6> kNames = {"none",   "basic", "api_key",
                                                        "bearer", "sigv4", "kerberos"};
  return kNames[static_cast<size_t>(auth)];
}

// An option that belongs to one value of auth.
struct AuthOption {
  const char* name;
  Auth auth;
  bool is_given;
  bool is_needed;
};

std::vector<AuthOption> AuthOptions(const HttpOptions& options) {
  const auto is_given = [](const Secret& secret) { return !secret.Reveal().empty(); };
  return {
      {"username", Auth::kBasic, !options.username.empty(), true},
      {"password", Auth::kBasic, is_given(options.password), true},
      {"api_key", Auth::kApiKey, is_given(options.api_key), true},
      {"token", Auth::kBearer, is_given(options.token), false},
      {"token_file", Auth::kBearer, !options.token_file.empty(), false},
      {"aws_region", Auth::kSigV4, !options.aws_region.empty(), true},
      {"aws_access_key", Auth::kSigV4, !options.aws_access_key.empty(), true},
      {"aws_secret_key", Auth::kSigV4, is_given(options.aws_secret_key), true},
      {"aws_session_token", Auth::kSigV4, is_given(options.aws_session_token), false},
      {"kerberos_principal", Auth::kKerberos, !options.kerberos_principal.empty(), false},
      {"kerberos_keytab", Auth::kKerberos, !options.kerberos_keytab.empty(), false},
  };
}

absl::Status Wrong(const std::string& text) { return absl::InvalidArgumentError(text); }

absl::Status CheckAuth(const HttpOptions& options) {
  const std::vector<AuthOption> given = AuthOptions(options);
  for (const AuthOption& one : given) {
    if (one.is_given && one.auth != options.auth) {
      return Wrong("auth: " + std::string(one.name) + " is used by " + NameOf(one.auth) +
                   " only: set auth to " + NameOf(one.auth) + ", or remove " + one.name);
    }
  }
  for (const AuthOption& one : given) {
    if (one.is_needed && !one.is_given && one.auth == options.auth) {
      return Wrong(std::string(one.name) + ": missing; auth: " + NameOf(one.auth) + " needs it");
    }
  }
  return absl::OkStatus();
}

// Checks options that exclude or need each other.
absl::Status CheckPairs(const HttpOptions& options) {
  const bool has_token = !options.token.Reveal().empty();
  const bool has_token_file = !options.token_file.empty();
  if (options.auth == Auth::kBearer && !has_token && !has_token_file) {
    return Wrong("token: missing; auth: bearer needs token or token_file");
  }
  if (has_token && has_token_file) return Wrong("token_file: set token_file or token, not both");
  if (!options.kerberos_principal.empty() && options.kerberos_keytab.empty()) {
    return Wrong("kerberos_keytab: missing; kerberos_principal needs it");
  }
  if (options.username.find(':') != std::string::npos) {
    return Wrong("username: must not contain ':', which basic can't send");
  }
  return absl::OkStatus();
}

absl::Status CheckTls(const HttpOptions& options) {
  if (absl::Status status = CheckTlsPair(options); !status.ok()) return status;
  if (options.ssl_key.empty() && !options.ssl_key_password.Reveal().empty()) {
    return Wrong("ssl_key: missing; ssl_key_password is its password");
  }
  if (options.insecure_skip_verify && !options.ssl_ca.empty()) {
    return Wrong("insecure_skip_verify: remove it, or ssl_ca verifies nothing");
  }
  return absl::OkStatus();
}

}  // namespace

const TextForm kUrlForm = {"a URL without user and password, such as https://search:9200",
                           "^https?://[^ ,@?#]+$", IsServer};

OptionTable<HttpOptions> HttpOptionTable() {
  using O = HttpOptions;
  const OptionTable<O> login = {
      Declare("auth", &O::auth)
          .Word("none", Auth::kNone)
          .Word("basic", Auth::kBasic)
          .Word("api_key", Auth::kApiKey)
          .Word("bearer", Auth::kBearer)
          .Word("sigv4", Auth::kSigV4)
          .Word("kerberos", Auth::kKerberos)
          .Default("none")
          .Says("How to log in: with username and password (basic), an Elasticsearch API key "
                "(api_key), a token (bearer), an AWS signature (sigv4) or Kerberos (SPNEGO)."),
      Declare("username", &O::username).Otherwise("none").Says("User name for auth: basic."),
      Declare("password", &O::password).Otherwise("none").Says("Password for auth: basic."),
      Declare("api_key", &O::api_key)
          .Otherwise("none")
          .Says("API key for auth: api_key, in the encoded form that Elasticsearch shows."),
      Declare("token", &O::token).Otherwise("none").Says("Token for auth: bearer."),
      Declare("token_file", &O::token_file)
          .Form(kPathForm)
          .Otherwise("none")
          .Says("File with the token for auth: bearer; a changed file is read again."),
      Declare("aws_region", &O::aws_region)
          .Otherwise("none")
          .Says("AWS region for auth: sigv4, such as eu-central-1."),
      Declare("aws_service", &O::aws_service)
          .Default("es")
          .Says("AWS service for auth: sigv4: es, or aoss for OpenSearch Serverless."),
      Declare("aws_access_key", &O::aws_access_key)
          .Otherwise("none")
          .Says("AWS access key id for auth: sigv4."),
      Declare("aws_secret_key", &O::aws_secret_key)
          .Otherwise("none")
          .Says("AWS secret access key for auth: sigv4."),
      Declare("aws_session_token", &O::aws_session_token)
          .Otherwise("none")
          .Says("AWS session token for auth: sigv4 with temporary credentials."),
      Declare("kerberos_principal", &O::kerberos_principal)
          .Otherwise("the first principal of kerberos_keytab, or that of the ticket cache")
          .Says("Principal in kerberos_keytab with which sparktail logs in."),
      Declare("kerberos_keytab", &O::kerberos_keytab)
          .Form(kPathForm)
          .Otherwise("none: the ticket cache is used")
          .Says("Keytab for auth: kerberos; tickets are obtained and renewed with it."),
  };
  const OptionTable<O> connection = {
      Declare("insecure_skip_verify", &O::insecure_skip_verify)
          .Default("false")
          .Says("Accept any certificate: anyone in between can read and change everything, "
                "credentials included. For tests only."),
      Declare("proxy", &O::proxy)
          .Form(kProxyForm)
          .Otherwise("none, whatever the environment says")
          .Says("Proxy through which the servers are reached; socks5h is what ssh -D offers."),
      Declare("connect_timeout", &O::connect_timeout)
          .From(absl::Milliseconds(100))
          .To(absl::Minutes(10))
          .Default("10s")
          .Says("Longest time to open a connection, TLS handshake included."),
  };
  return Joined(Joined(login, Within<O>(TlsOptionTable("servers"))), connection);
}

absl::Status CheckHttpOptions(const HttpOptions& options) {
  if (absl::Status status = CheckAuth(options); !status.ok()) return status;
  if (absl::Status status = CheckPairs(options); !status.ok()) return status;
  return CheckTls(options);
}

}  // namespace sparktail
