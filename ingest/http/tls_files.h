#pragma once

#include <absl/status/status.h>

#include "ingest/http/http_options.h"

namespace sparktail {

// The files ssl_ca, ssl_certificate and ssl_key of `options` can be read, and the key is that of
// the certificate: libcurl would say so at each connection only. kInvalidArgument: what is wrong
// with which one.
absl::Status CheckTlsFiles(const HttpOptions& options);

}  // namespace sparktail
