#pragma once

#include <absl/status/status.h>

#include "ingest/http/http_options.h"

namespace sparktail {

// Checks that the files ssl_ca, ssl_certificate and ssl_key of `options` can be read, and that the
// key belongs to the certificate. libcurl would report that only when it connects.
// kInvalidArgument: the message names the file and says what is wrong with it.
absl::Status CheckTlsFiles(const HttpOptions& options);

}  // namespace sparktail
