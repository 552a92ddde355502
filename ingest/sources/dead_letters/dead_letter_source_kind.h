#pragma once

#include "ingest/streams/source_kind.h"

namespace sparktail {

// Dead letters as a source. It is in no table: `sparktail replay` makes such sources itself.
const SourceKind& DeadLetterSourceKind();

}  // namespace sparktail
