#pragma once

#include <memory>
#include <string_view>

#include "parsers/padded_view.h"

namespace sparktail {

// What names and keys are made of. Views are those of the reader, valid until its next Read(). What
// the document does not have is empty.
struct EventFields {
  std::string_view kind;
  std::string_view environment;
  std::string_view app_name;
  std::string_view app_id;
  std::string_view query_id;  // metrics.id or query.id
};

// Takes them out of documents. One thread.
class EventFieldsReader {
 public:
  EventFieldsReader();
  ~EventFieldsReader();

  // False if it is no JSON object, as far as it was looked at.
  bool Read(PaddedView document, EventFields* fields);

 private:
  struct Json;
  std::unique_ptr<Json> json_;
};

}  // namespace sparktail
