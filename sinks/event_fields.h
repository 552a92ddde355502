#pragma once

#include <memory>
#include <string_view>

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

// Reads these fields from documents. Not thread safe.
class EventFieldsReader {
 public:
  EventFieldsReader();
  ~EventFieldsReader();

  // Returns false if `document` is not a JSON object. Reads only up to the last of the fields, so
  // errors after it are not found.
  bool Read(PaddedView document, EventFields* fields);

 private:
  struct Json;
  std::unique_ptr<Json> json_;
};

}  // namespace sparktail
