#pragma once

#include "ingest/cli/kinds.h"

namespace sparktail {

// main() of a sparktail that has these kinds of sources and sinks. Returns the exit code.
int RunSparktail(int argc, char** argv, const Kinds& kinds);

}  // namespace sparktail
