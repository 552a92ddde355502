#pragma once

#include "sinks/sink_kind.h"

namespace sparktail {

// The rows of `kind: opensearch` and `kind: elasticsearch` in the table of kinds: one sink by two
// names.
const SinkKind& OpenSearchSinkKind();
const SinkKind& ElasticsearchSinkKind();

}  // namespace sparktail
