#pragma once

#include <vector>

#include "ingest/streams/source_kind.h"
#include "sinks/sink_kind.h"

namespace sparktail {

// The tables of all kinds that a configuration can name: a row each.
std::vector<const SourceKind*> SourceKinds();
std::vector<const SinkKind*> SinkKinds();

}  // namespace sparktail
