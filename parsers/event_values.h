#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>

#include "parsers/event.h"
#include "parsers/padded_view.h"

namespace sparktail {

// The values of events that sinks and metrics read (docs/documents.md).
enum class EventField : uint8_t {
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
  kQuery,  // its name, or its id
  kQueryId,
  kQueryName,
  kRunId,
  kBatchId,
  kInputRows,
  kInputRate,
  kProcessedRate,
  kDuration,  // triggerExecution
  kAddBatch,
  kStateRows,
  kStateBytes,
  kLagRows,
  kWatermark,  // missing until an event has set it; Spark writes 1970 then
  kWatermarkDelay,
  kPhase,
  kRule,
  kSeverity,
  kErrorClass,
  kMessage,
  kCount,
};

// Monostate if the document lacks the value, or has one of another type.
using EventValue = std::variant<std::monostate, int64_t, double, std::string_view>;

class EventValues {
 public:
  static constexpr size_t kSize = static_cast<size_t>(EventField::kCount);

  EventValue& operator[](EventField field) { return values_[static_cast<size_t>(field)]; }
  const EventValue& operator[](EventField field) const {
    return values_[static_cast<size_t>(field)];
  }
  // In the order of EventField.
  const std::array<EventValue, kSize>& all() const { return values_; }
  void Clear() { values_.fill(std::monostate()); }

  // Empty if the value is not a text.
  std::string_view text(EventField field) const;
  // NaN if the value is not a number.
  double number(EventField field) const;

 private:
  std::array<EventValue, kSize> values_;
};

// Reads the values of events: those that the parser handed on with the event, or else those of its
// document. All readers of a document's values use this one, so they agree. Not thread-safe.
class EventValuesReader {
 public:
  EventValuesReader();
  EventValuesReader(const EventValuesReader&) = delete;
  EventValuesReader& operator=(const EventValuesReader&) = delete;
  ~EventValuesReader();

  // Views in `values` are valid until the next call, and as long as the events or the document are.
  // Returns false if the document is not a valid JSON object.
  bool Read(const EventBuffer& events, const EventRef& event, EventValues* values);
  bool Read(PaddedView document, EventValues* values);

 private:
  struct Json;
  std::unique_ptr<Json> json_;
};

}  // namespace sparktail
