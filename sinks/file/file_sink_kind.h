#pragma once

#include "sinks/sink_kind.h"

namespace sparktail {

// The row of `kind: file` in the table of kinds.
const SinkKind& FileSinkKind();

}  // namespace sparktail
