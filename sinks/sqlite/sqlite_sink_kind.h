#pragma once

#include "sinks/sink_kind.h"

namespace sparktail {

// The row of `kind: sqlite` in the table of kinds.
const SinkKind& SqliteSinkKind();

}  // namespace sparktail
