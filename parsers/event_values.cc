#include "parsers/event_values.h"

#include <simdjson.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <span>

#include "parsers/progress_numbers.h"

namespace sparktail {
namespace {

namespace od = simdjson::ondemand;
using Field = EventField;

// A parser that grew for a larger document is replaced.
constexpr size_t kKeptCapacity = size_t{4} << 20;

enum class Type : uint8_t { kText, kInteger, kReal, kBoolean, kObject };

// A member of an object to read: a value, or an object with members of its own.
struct Member {
  std::string_view key;
  Type type;
  Field field = {};
  std::span<const Member> members = {};
};

constexpr Member kSource[] = {
    {"name", Type::kText, Field::kSourceName},
    {"path", Type::kText, Field::kSourcePath},
    {"offset", Type::kInteger, Field::kSourceOffset},
};
constexpr Member kDurations[] = {
    {"triggerExecution", Type::kInteger, Field::kDuration},
    {"addBatch", Type::kInteger, Field::kAddBatch},
};
constexpr Member kEventTime[] = {
    {"watermark", Type::kText, Field::kWatermark},
};
constexpr Member kMetrics[] = {
    {"id", Type::kText, Field::kQueryId},
    {"runId", Type::kText, Field::kRunId},
    {"name", Type::kText, Field::kQueryName},
    {"batchId", Type::kInteger, Field::kBatchId},
    {"numInputRows", Type::kInteger, Field::kInputRows},
    {"inputRowsPerSecond", Type::kReal, Field::kInputRate},
    {"processedRowsPerSecond", Type::kReal, Field::kProcessedRate},
    {"durationMs", Type::kObject, {}, kDurations},
    {"eventTime", Type::kObject, {}, kEventTime},
};
constexpr Member kDerived[] = {
    {"stateRows", Type::kInteger, Field::kStateRows},
    {"stateBytes", Type::kInteger, Field::kStateBytes},
    {"lagRows", Type::kInteger, Field::kLagRows},
    {"watermarkDelayMs", Type::kInteger, Field::kWatermarkDelay},
};
constexpr Member kQuery[] = {
    {"phase", Type::kText, Field::kPhase},        {"id", Type::kText, Field::kQueryId},
    {"runId", Type::kText, Field::kRunId},        {"name", Type::kText, Field::kQueryName},
    {"batchId", Type::kInteger, Field::kBatchId},
};
constexpr Member kError[] = {
    {"class", Type::kText, Field::kErrorClass},
    {"message", Type::kText, Field::kMessage},
};
constexpr Member kDocument[] = {
    {"@timestamp", Type::kText, Field::kTime},
    {"kind", Type::kText, Field::kKind},
    {"environment", Type::kText, Field::kEnvironment},
    {"appName", Type::kText, Field::kAppName},
    {"appId", Type::kText, Field::kAppId},
    {"attempt", Type::kInteger, Field::kAttempt},
    {"running", Type::kBoolean, Field::kRunning},
    {"sparkVersion", Type::kText, Field::kSparkVersion},
    {"source", Type::kObject, {}, kSource},
    {"metrics", Type::kObject, {}, kMetrics},
    {"derived", Type::kObject, {}, kDerived},
    {"query", Type::kObject, {}, kQuery},
    {"error", Type::kObject, {}, kError},
    {"rule", Type::kText, Field::kRule},
    {"severity", Type::kText, Field::kSeverity},
    {"message", Type::kText, Field::kMessage},
};

bool IsMissing(const EventValue& value) { return std::holds_alternative<std::monostate>(value); }

void TakeText(od::value& value, EventValue* out) {
  od::json_type type{};
  if (value.type().get(type) || type != od::json_type::string) return;
  const std::string_view token = value.raw_json_token();
  std::string_view text;
  if (!value.get_string().get(text)) {
    *out = text;
    return;
  }
  // A string with an invalid escape, such as half a surrogate pair, is taken as it is written.
  const size_t end = token.rfind('"');
  if (end != std::string_view::npos && end > 0) *out = token.substr(1, end - 1);
}

void TakeNumber(od::value& value, Type wanted, EventValue* out) {
  od::json_type type{};
  if (value.type().get(type) || type != od::json_type::number) return;
  int64_t integer = 0;
  double real = 0;
  if (wanted == Type::kInteger && !value.get_int64().get(integer)) *out = integer;
  if (wanted == Type::kReal && !value.get_double().get(real)) *out = real;
}

void TakeBoolean(od::value& value, EventValue* out) {
  od::json_type type{};
  bool boolean = false;
  if (value.type().get(type) || type != od::json_type::boolean) return;
  if (!value.get_bool().get(boolean)) *out = int64_t{boolean};
}

bool TakeMembers(od::object& object, std::span<const Member> members, EventValues* values);

bool Take(od::value& value, const Member& member, EventValues* values) {
  switch (member.type) {
    case Type::kText:
      TakeText(value, &(*values)[member.field]);
      return true;
    case Type::kInteger:
    case Type::kReal:
      TakeNumber(value, member.type, &(*values)[member.field]);
      return true;
    case Type::kBoolean:
      TakeBoolean(value, &(*values)[member.field]);
      return true;
    case Type::kObject: {
      od::json_type type{};
      if (value.type().get(type)) return false;
      if (type != od::json_type::object) return true;
      od::object object;
      return !value.get_object().get(object) && TakeMembers(object, member.members, values);
    }
  }
  return true;
}

bool TakeMembers(od::object& object, std::span<const Member> members, EventValues* values) {
  for (auto field : object) {
    std::string_view key;
    od::value value;
    if (field.unescaped_key().get(key) || field.value().get(value)) return false;
    const auto found = std::find_if(members.begin(), members.end(),
                                    [key](const Member& member) { return member.key == key; });
    if (found != members.end() && !Take(value, *found, values)) return false;
  }
  return true;
}

EventValue ToValue(std::string_view text) {
  return text.data() == nullptr ? EventValue() : EventValue(text);
}

template <typename Number>
EventValue ToValue(const std::optional<Number>& number) {
  return number ? EventValue(*number) : EventValue();
}

// The text of an origin; documents leave out empty ones.
EventValue ToValue(const std::string& text) {
  return text.empty() ? EventValue() : EventValue(std::string_view(text));
}

void Spread(const ProgressNumbers& progress, uint64_t offset, EventValues* values) {
  EventValues& all = *values;
  const EventOrigin& origin = *progress.origin;
  all[Field::kTime] = progress.timestamp();
  all[Field::kKind] = Name(EventKind::kProgress);
  all[Field::kEnvironment] = ToValue(origin.environment);
  all[Field::kAppName] = ToValue(origin.app_name);
  all[Field::kAppId] = ToValue(origin.app_id);
  all[Field::kAttempt] = ToValue(origin.attempt);
  all[Field::kRunning] = int64_t{1};
  all[Field::kSparkVersion] = ToValue(origin.spark_version);
  all[Field::kSourceName] = ToValue(origin.source_name);
  all[Field::kSourcePath] = ToValue(origin.source_path);
  all[Field::kSourceOffset] = static_cast<int64_t>(offset);
  all[Field::kQueryId] = progress.id();
  all[Field::kRunId] = progress.run_id();
  all[Field::kQueryName] = ToValue(progress.name());
  all[Field::kBatchId] = ToValue(progress.batch_id);
  all[Field::kInputRows] = ToValue(progress.input_rows);
  all[Field::kInputRate] = ToValue(progress.input_rate);
  all[Field::kProcessedRate] = ToValue(progress.processed_rate);
  all[Field::kDuration] = ToValue(progress.trigger_execution_ms);
  all[Field::kAddBatch] = ToValue(progress.add_batch_ms);
  all[Field::kStateRows] = ToValue(progress.derived.state_rows);
  all[Field::kStateBytes] = ToValue(progress.derived.state_bytes);
  all[Field::kLagRows] = ToValue(progress.derived.lag_rows);
  all[Field::kWatermark] = ToValue(progress.watermark());
  all[Field::kWatermarkDelay] = ToValue(progress.derived.watermark_delay_ms);
}

// Sets the values that follow from others.
void Complete(EventValues* values) {
  EventValue& watermark = (*values)[Field::kWatermark];
  if (watermark == EventValue("1970-01-01T00:00:00.000Z")) watermark = std::monostate();
  const EventValue& name = (*values)[Field::kQueryName];
  (*values)[Field::kQuery] = IsMissing(name) ? (*values)[Field::kQueryId] : name;
}

}  // namespace

std::string_view EventValues::text(EventField field) const {
  const auto* text = std::get_if<std::string_view>(&(*this)[field]);
  return text == nullptr ? std::string_view() : *text;
}

double EventValues::number(EventField field) const {
  const EventValue& value = (*this)[field];
  if (const auto* integer = std::get_if<int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  return std::numeric_limits<double>::quiet_NaN();
}

struct EventValuesReader::Json {
  od::parser parser;
};

EventValuesReader::EventValuesReader() : json_(std::make_unique<Json>()) {}
EventValuesReader::~EventValuesReader() = default;

bool EventValuesReader::Read(const EventBuffer& events, const EventRef& event,
                             EventValues* values) {
  const ProgressNumbers* progress = events.progress_numbers(event);
  if (progress == nullptr) {
    return Read(events.bytes.padded().Part(event.begin, event.end - event.begin), values);
  }
  values->Clear();
  Spread(*progress, event.offset, values);
  Complete(values);
  return true;
}

bool EventValuesReader::Read(PaddedView document, EventValues* values) {
  values->Clear();
  od::parser& parser = json_->parser;
  if (parser.capacity() > kKeptCapacity && document.size() <= kKeptCapacity) parser = od::parser();
  od::document json;
  od::object object;
  if (parser.iterate(document.data(), document.size(), document.size() + kPadding).get(json) ||
      json.get_object().get(object) || !TakeMembers(object, kDocument, values) ||
      json.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    return false;
  }
  Complete(values);
  return true;
}

}  // namespace sparktail
