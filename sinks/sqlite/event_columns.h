#pragma once

#include <array>
#include <string_view>

#include "parsers/event_values.h"

namespace sparktail {

// The columns that hold an event's values, in the order of EventField (sinks/sqlite/schema.h).
inline constexpr std::array<std::string_view, 31> kEventColumnNames = {"time",
                                                                       "kind",
                                                                       "environment",
                                                                       "app_name",
                                                                       "app_id",
                                                                       "attempt",
                                                                       "running",
                                                                       "spark_version",
                                                                       "source_name",
                                                                       "source_path",
                                                                       "source_offset",
                                                                       "query",
                                                                       "query_id",
                                                                       "query_name",
                                                                       "run_id",
                                                                       "batch_id",
                                                                       "input_rows",
                                                                       "input_rows_per_second",
                                                                       "processed_rows_per_second",
                                                                       "duration_ms",
                                                                       "add_batch_ms",
                                                                       "state_rows",
                                                                       "state_bytes",
                                                                       "lag_rows",
                                                                       "watermark",
                                                                       "watermark_delay_ms",
                                                                       "phase",
                                                                       "rule",
                                                                       "severity",
                                                                       "error_class",
                                                                       "message"};

static_assert(kEventColumnNames.size() == EventValues::kSize);

}  // namespace sparktail
