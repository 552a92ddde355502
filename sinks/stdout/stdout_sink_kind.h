#pragma once

#include "sinks/sink_kind.h"

namespace sparktail {

// Such a sink has no options of its own.
struct StdoutSinkOptions {};

// The row of `kind: stdout` in the table of kinds.
const SinkKind& StdoutSinkKind();

}  // namespace sparktail
