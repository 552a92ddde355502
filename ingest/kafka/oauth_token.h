#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string>

#include "ingest/kafka/client_options.h"

namespace sparktail {

// A token for OAUTHBEARER. (Debian's librdkafka is built without OIDC, so we get tokens ourselves.)
struct OAuthToken {
  std::string text;       // secret
  std::string principal;  // the claim `sub`, or "sparktail"
  absl::Time expires;     // the claim `exp`; an hour from now if there is none
};

// Reads the token from the file of the options, or from the output of their command: at most 64 KiB
// within 30 s. Any thread may call it. Errors say what to do and never contain the token.
absl::StatusOr<OAuthToken> GetOAuthToken(const KafkaClientOptions& options, absl::Time now);

// Reads the text of a token: a JWT (RFC 7519), or any other text without white space.
absl::StatusOr<OAuthToken> ReadOAuthToken(std::string text, absl::Time now);

}  // namespace sparktail
