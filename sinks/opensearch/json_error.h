#pragma once

#include <simdjson.h>

#include "sinks/opensearch/server_error.h"

namespace sparktail {

// Reads the member `error` of an answer, or of an item of a bulk. False: it can't be read on.
bool ReadError(simdjson::ondemand::value& value, ServerError* error);

}  // namespace sparktail
