#pragma once

#include "ingest/base/check_report.h"
#include "sinks/sink_kind.h"

namespace sparktail {

// Reports whether the sink's database can be written to, and whether it is a history.
void CheckSqliteSink(const SinkConfiguration& sink, const CheckParts& parts, CheckReport* report);

}  // namespace sparktail
