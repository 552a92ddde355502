#pragma once

#include "sinks/sink_kind.h"

namespace sparktail {

// The row of `kind: stdout` in the table of kinds.
const SinkKind& StdoutSinkKind();

}  // namespace sparktail
