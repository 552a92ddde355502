#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>

#include "parsers/padded_view.h"

namespace sparktail {

// The columns of an event's row that come from its document, in the order of the table.
enum class EventColumn : uint8_t {
  kTime,
  kKind,
  kEnvironment,
  kAppName,
  kAppId,
  kAttempt,
  kRunning,
  kSparkVersion,
  kSourceName,
  kSourcePath,
  kSourceOffset,
  kQuery,
  kQueryId,
  kQueryName,
  kRunId,
  kBatchId,
  kInputRows,
  kInputRate,
  kProcessedRate,
  kDuration,
  kAddBatch,
  kStateRows,
  kStateBytes,
  kLagRows,
  kWatermark,
  kWatermarkDelay,
  kPhase,
  kRule,
  kSeverity,
  kErrorClass,
  kMessage,
};

// The names of these columns (sinks/sqlite/schema.h).
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

// Monostate if the document lacks the value, or has one of another type.
using EventValue = std::variant<std::monostate, int64_t, double, std::string_view>;
using EventRow = std::array<EventValue, kEventColumnNames.size()>;

// Reads the values of the columns from documents (docs/documents.md).
class EventRowReader {
 public:
  EventRowReader();
  EventRowReader(const EventRowReader&) = delete;
  EventRowReader& operator=(const EventRowReader&) = delete;
  ~EventRowReader();

  // Views in `row` are valid until the next call, and as long as the document is. Returns false if
  // `document` is not a valid JSON object.
  bool Read(PaddedView document, EventRow* row);

 private:
  struct Json;
  std::unique_ptr<Json> json_;
};

}  // namespace sparktail
