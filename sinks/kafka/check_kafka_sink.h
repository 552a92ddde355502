#pragma once

#include "ingest/base/check_report.h"
#include "sinks/sink_kind.h"

namespace sparktail {

// Reports whether the brokers respond and the sink's topics exist. Creates none.
void CheckKafkaSink(const SinkConfiguration& sink, const CheckParts& parts, CheckReport* report);

// Creates the sink's missing topics, and reports which exist and which it created.
void SetUpKafkaSink(const SinkConfiguration& sink, const CheckParts& parts, CheckReport* report);

}  // namespace sparktail
