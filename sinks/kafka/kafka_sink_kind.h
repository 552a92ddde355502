#pragma once

#include "sinks/sink_kind.h"

namespace sparktail {

// The row of `kind: kafka` in the table of kinds.
const SinkKind& KafkaSinkKind();

}  // namespace sparktail
