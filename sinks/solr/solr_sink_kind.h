#pragma once

#include "sinks/sink_kind.h"

namespace sparktail {

// The row of `kind: solr` in the table of kinds.
const SinkKind& SolrSinkKind();

}  // namespace sparktail
