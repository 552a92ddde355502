#pragma once

#include "sinks/sink_kind.h"

namespace sparktail::testing {

// The row of `kind: toy`, a sink that stands outside of sparktail's own folders: it appends events
// to a file in a directory, its box, which `sparktail setup` creates.
const SinkKind& ToySinkKind();

}  // namespace sparktail::testing
