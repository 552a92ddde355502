#pragma once

#include <string_view>

#include "parsers/event.h"
#include "parsers/event_values.h"
#include "parsers/padded_view.h"

namespace sparktail {

// The fields of a document from which names and keys are built. A field that the document lacks is
// empty. Views are valid until the reader's next Read().
struct EventFields {
  std::string_view kind;
  std::string_view environment;
  std::string_view app_name;
  std::string_view app_id;
  std::string_view query_id;  // metrics.id or query.id
};

// Reads these fields of events. Not thread-safe.
class EventFieldsReader {
 public:
  // Returns false if the document is not a JSON object.
  bool Read(const EventBuffer& events, const EventRef& event, EventFields* fields);
  bool Read(PaddedView document, EventFields* fields);

 private:
  EventValuesReader reader_;
  EventValues values_;
};

}  // namespace sparktail
