#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string>

#include "ingest/kafka/client_options.h"

namespace sparktail {

// A token of OAUTHBEARER, from where the options say. (Debian's librdkafka does not speak OIDC.)
struct OAuthToken {
  std::string text;       // secret
  std::string principal;  // the claim `sub`, or "sparktail"
  absl::Time expires;     // the claim `exp`; an hour from now if the token does not tell
};

// Reads the file, or runs the command for at most 30 s, whose output may have 64 KiB. Any thread.
// Errors say what to do, and do not hold the token.
absl::StatusOr<OAuthToken> GetOAuthToken(const KafkaClientOptions& options, absl::Time now);

// Of the text of a token: a JWT (RFC 7519), or anything else without white space.
absl::StatusOr<OAuthToken> ReadOAuthToken(std::string text, absl::Time now);

}  // namespace sparktail
