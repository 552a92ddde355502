#include "sinks/event_fields.h"

#include <simdjson.h>

namespace sparktail {
namespace {

namespace od = simdjson::ondemand;

// A parser that grew for a larger document is replaced.
constexpr size_t kKeptCapacity = size_t{4} << 20;

// Reads a member that is a string; others leave `out` unchanged.
void TakeText(od::value& value, std::string_view* out) {
  od::json_type type{};
  if (value.type().get(type) || type != od::json_type::string) return;
  std::string_view text;
  if (!value.get_string().get(text)) *out = text;
}

// Reads the member `id` of an object.
bool TakeId(od::value& value, std::string_view* out) {
  od::json_type type{};
  if (value.type().get(type)) return false;
  if (type != od::json_type::object) return true;
  od::object object;
  if (value.get_object().get(object)) return false;
  od::value id;
  const auto error = object.find_field_unordered("id").get(id);
  if (error == simdjson::NO_SUCH_FIELD) return true;
  if (error) return false;
  TakeText(id, out);
  return true;
}

}  // namespace

struct EventFieldsReader::Json {
  od::parser parser;
};

EventFieldsReader::EventFieldsReader() : json_(std::make_unique<Json>()) {}
EventFieldsReader::~EventFieldsReader() = default;

bool EventFieldsReader::Read(PaddedView document, EventFields* fields) {
  *fields = {};
  od::parser& parser = json_->parser;
  if (parser.capacity() > kKeptCapacity && document.size() <= kKeptCapacity) parser = od::parser();
  od::document json;
  od::object object;
  if (parser.iterate(document.data(), document.size(), document.size() + kPadding).get(json) ||
      json.get_object().get(object)) {
    return false;
  }
  for (auto field : object) {
    std::string_view key;
    od::value value;
    if (field.unescaped_key().get(key) || field.value().get(value)) return false;
    if (key == "kind") {
      TakeText(value, &fields->kind);
    } else if (key == "environment") {
      TakeText(value, &fields->environment);
    } else if (key == "appName") {
      TakeText(value, &fields->app_name);
    } else if (key == "appId") {
      TakeText(value, &fields->app_id);
    } else if (key == "metrics" || key == "query") {
      // The other fields come before this one.
      return TakeId(value, &fields->query_id);
    }
  }
  return true;
}

}  // namespace sparktail
