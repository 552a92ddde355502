#pragma once

#include "ingest/base/check_report.h"
#include "sinks/sink_kind.h"

namespace sparktail {

// Reports whether the sink's file can be appended to, and rotated if it shall be.
void CheckFileSink(const SinkConfiguration& sink, const CheckParts& parts, CheckReport* report);

}  // namespace sparktail
