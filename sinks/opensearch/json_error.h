#pragma once

#include <simdjson.h>

#include "sinks/opensearch/server_error.h"

namespace sparktail {

// Reads the member `error` of a response, or of an item of a bulk response. Returns false if the
// JSON is malformed, so that the rest can't be read either.
bool ReadError(simdjson::ondemand::value& value, ServerError* error);

}  // namespace sparktail
