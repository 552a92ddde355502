#pragma once

#include "ingest/cli/config_options.h"
#include "ingest/cli/config_tree.h"
#include "ingest/pipeline/configuration.h"

namespace sparktail {

// Checks what no option says alone: names are unique, sources name sinks that exist, each kind's
// options fit each other, nobody writes where somebody else does, and no source reads there. Gives
// names to sources and sinks that have none.
//
// `root`: what `configuration` was read from; its lists `sources` and `sinks` have a node for each
// source and sink. `options` read them, and gets the complaints.
void CheckConfiguration(const ConfigNode& root, Configuration* configuration,
                        ConfigOptions* options);

}  // namespace sparktail
