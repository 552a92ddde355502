#include "sinks/event_fields.h"

namespace sparktail {
namespace {

EventFields FieldsOf(const EventValues& values) {
  EventFields fields;
  fields.kind = values.text(EventField::kKind);
  fields.environment = values.text(EventField::kEnvironment);
  fields.app_name = values.text(EventField::kAppName);
  fields.app_id = values.text(EventField::kAppId);
  fields.query_id = values.text(EventField::kQueryId);
  return fields;
}

}  // namespace

bool EventFieldsReader::Read(const EventBuffer& events, const EventRef& event,
                             EventFields* fields) {
  const bool is_read = reader_.Read(events, event, &values_);
  *fields = is_read ? FieldsOf(values_) : EventFields();
  return is_read;
}

bool EventFieldsReader::Read(PaddedView document, EventFields* fields) {
  const bool is_read = reader_.Read(document, &values_);
  *fields = is_read ? FieldsOf(values_) : EventFields();
  return is_read;
}

}  // namespace sparktail
