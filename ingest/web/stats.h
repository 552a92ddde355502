#pragma once

#include <string>

#include "ingest/pipeline/pipeline_status.h"
#include "parsers/event.h"

namespace sparktail {

// What --stats of parse prints: a line for each figure, `name: value`. `seconds` is wall time.
std::string FormatStats(const ParserStats& stats, double seconds);

// The same of run, since the start of the process: what was read, found and lost, and a line for
// each sink. It has no speed, for it mostly waits, and does not count the records that it need not
// look at.
std::string FormatRunStats(const ParserStats& parsed, const PipelineStatus& status);

}  // namespace sparktail
