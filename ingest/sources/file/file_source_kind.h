#pragma once

#include "ingest/streams/source_kind.h"

namespace sparktail {

// The row of `kind: file` in the table of kinds.
const SourceKind& FileSourceKind();

}  // namespace sparktail
