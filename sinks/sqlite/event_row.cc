#include "sinks/sqlite/event_row.h"

#include <simdjson.h>

#include <algorithm>
#include <span>

namespace sparktail {
namespace {

namespace od = simdjson::ondemand;
using Column = EventColumn;

// A parser that grew for a larger document is replaced.
constexpr size_t kKeptCapacity = size_t{4} << 20;

enum class Type : uint8_t { kText, kInteger, kReal, kBoolean, kObject };

// A member of an object to read: the value of a column, or an object with members of its own.
struct Member {
  std::string_view key;
  Type type;
  Column column = {};
  std::span<const Member> members = {};
};

constexpr Member kSource[] = {
    {"name", Type::kText, Column::kSourceName},
    {"path", Type::kText, Column::kSourcePath},
    {"offset", Type::kInteger, Column::kSourceOffset},
};
constexpr Member kDurations[] = {
    {"triggerExecution", Type::kInteger, Column::kDuration},
    {"addBatch", Type::kInteger, Column::kAddBatch},
};
constexpr Member kEventTime[] = {
    {"watermark", Type::kText, Column::kWatermark},
};
constexpr Member kMetrics[] = {
    {"id", Type::kText, Column::kQueryId},
    {"runId", Type::kText, Column::kRunId},
    {"name", Type::kText, Column::kQueryName},
    {"batchId", Type::kInteger, Column::kBatchId},
    {"numInputRows", Type::kInteger, Column::kInputRows},
    {"inputRowsPerSecond", Type::kReal, Column::kInputRate},
    {"processedRowsPerSecond", Type::kReal, Column::kProcessedRate},
    {"durationMs", Type::kObject, {}, kDurations},
    {"eventTime", Type::kObject, {}, kEventTime},
};
constexpr Member kDerived[] = {
    {"stateRows", Type::kInteger, Column::kStateRows},
    {"stateBytes", Type::kInteger, Column::kStateBytes},
    {"lagRows", Type::kInteger, Column::kLagRows},
    {"watermarkDelayMs", Type::kInteger, Column::kWatermarkDelay},
};
constexpr Member kQuery[] = {
    {"phase", Type::kText, Column::kPhase},        {"id", Type::kText, Column::kQueryId},
    {"runId", Type::kText, Column::kRunId},        {"name", Type::kText, Column::kQueryName},
    {"batchId", Type::kInteger, Column::kBatchId},
};
constexpr Member kError[] = {
    {"class", Type::kText, Column::kErrorClass},
    {"message", Type::kText, Column::kMessage},
};
constexpr Member kDocument[] = {
    {"@timestamp", Type::kText, Column::kTime},
    {"kind", Type::kText, Column::kKind},
    {"environment", Type::kText, Column::kEnvironment},
    {"appName", Type::kText, Column::kAppName},
    {"appId", Type::kText, Column::kAppId},
    {"attempt", Type::kInteger, Column::kAttempt},
    {"running", Type::kBoolean, Column::kRunning},
    {"sparkVersion", Type::kText, Column::kSparkVersion},
    {"source", Type::kObject, {}, kSource},
    {"metrics", Type::kObject, {}, kMetrics},
    {"derived", Type::kObject, {}, kDerived},
    {"query", Type::kObject, {}, kQuery},
    {"error", Type::kObject, {}, kError},
    {"rule", Type::kText, Column::kRule},
    {"severity", Type::kText, Column::kSeverity},
    {"message", Type::kText, Column::kMessage},
};

EventValue& At(EventRow* row, Column column) { return (*row)[static_cast<size_t>(column)]; }

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

bool TakeMembers(od::object& object, std::span<const Member> members, EventRow* row);

bool Take(od::value& value, const Member& member, EventRow* row) {
  switch (member.type) {
    case Type::kText:
      TakeText(value, &At(row, member.column));
      return true;
    case Type::kInteger:
    case Type::kReal:
      TakeNumber(value, member.type, &At(row, member.column));
      return true;
    case Type::kBoolean:
      TakeBoolean(value, &At(row, member.column));
      return true;
    case Type::kObject: {
      od::json_type type{};
      if (value.type().get(type)) return false;
      if (type != od::json_type::object) return true;
      od::object object;
      return !value.get_object().get(object) && TakeMembers(object, member.members, row);
    }
  }
  return true;
}

bool TakeMembers(od::object& object, std::span<const Member> members, EventRow* row) {
  for (auto field : object) {
    std::string_view key;
    od::value value;
    if (field.unescaped_key().get(key) || field.value().get(value)) return false;
    const auto found = std::find_if(members.begin(), members.end(),
                                    [key](const Member& member) { return member.key == key; });
    if (found != members.end() && !Take(value, *found, row)) return false;
  }
  return true;
}

}  // namespace

struct EventRowReader::Json {
  od::parser parser;
};

EventRowReader::EventRowReader() : json_(std::make_unique<Json>()) {}
EventRowReader::~EventRowReader() = default;

bool EventRowReader::Read(PaddedView document, EventRow* row) {
  row->fill(std::monostate());
  od::parser& parser = json_->parser;
  if (parser.capacity() > kKeptCapacity && document.size() <= kKeptCapacity) parser = od::parser();
  od::document json;
  od::object object;
  if (parser.iterate(document.data(), document.size(), document.size() + kPadding).get(json) ||
      json.get_object().get(object) || !TakeMembers(object, kDocument, row) ||
      json.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    return false;
  }
  // Spark writes 1970 for a watermark that no event has set yet.
  EventValue& watermark = At(row, Column::kWatermark);
  if (watermark == EventValue("1970-01-01T00:00:00.000Z")) watermark = std::monostate();
  const EventValue& name = At(row, Column::kQueryName);
  At(row, Column::kQuery) = IsMissing(name) ? At(row, Column::kQueryId) : name;
  return true;
}

}  // namespace sparktail
