#pragma once

#include <string>

#include "ingest/pipeline/pipeline_status.h"
#include "parsers/event.h"

namespace sparktail {

// Formats the output of `parse --stats`: one line per figure, `name: value`. `seconds` is wall
// time.
std::string FormatStats(const ParserStats& stats, double seconds);

// Formats the output of `run --stats`, counted since the start of the process: what was read, found
// and lost, and one line per sink. It has no speed, because `run` mostly waits, and no number of
// records, because `run` does not look at all of them.
std::string FormatRunStats(const ParserStats& parsed, const PipelineStatus& status);

}  // namespace sparktail
