#pragma once

#include "ingest/streams/source_kind.h"

namespace sparktail {

// The row of `kind: kafka` in the table of kinds.
const SourceKind& KafkaSourceKind();

}  // namespace sparktail
