#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>

#include "ingest/base/options.h"

namespace sparktail {

// The certificates of connections to servers. tls_options.cc describes each option for users.
struct TlsOptions {
  std::string ssl_ca;
  std::string ssl_certificate;
  std::string ssl_key;
  Secret ssl_key_password;
};
// `servers` names them in a sentence for users: "servers".
OptionTable<TlsOptions> TlsOptionTable(std::string_view servers);

// kInvalidArgument: one of certificate and key is missing; the message names the option.
absl::Status CheckTlsPair(const TlsOptions& options);

}  // namespace sparktail
