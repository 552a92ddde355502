#pragma once

#include <vector>

#include "ingest/streams/source_kind.h"
#include "sinks/sink_kind.h"

namespace sparktail {

// The kinds that a configuration can name: a row each.
struct Kinds {
  std::vector<const SourceKind*> sources;
  std::vector<const SinkKind*> sinks;
};

// The kinds of sparktail, in the order of their reference.
Kinds AllKinds();

}  // namespace sparktail
