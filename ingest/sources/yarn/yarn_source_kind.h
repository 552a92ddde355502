#pragma once

#include "ingest/streams/source_kind.h"

namespace sparktail {

// The row of `kind: yarn` in the table of kinds.
const SourceKind& YarnSourceKind();

}  // namespace sparktail
