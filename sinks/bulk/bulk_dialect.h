#pragma once

#include <absl/functional/function_ref.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/http/http_client.h"
#include "parsers/event.h"
#include "parsers/padded_view.h"
#include "sinks/bulk/bulk_answer.h"

namespace sparktail {

// One document that is to be sent: a line of JSON, which stands in its EventBuffer.
struct BulkItem {
  std::string_view line;  // the document and its newline
  EventId id{};
  const std::string* index = nullptr;  // its name, which lives as long as the dialect

  std::string_view document() const { return line.substr(0, line.size() - 1); }
};

// How a server wants documents, many in a request, and what it answers. One thread.
class BulkDialect {
 public:
  BulkDialect() = default;
  BulkDialect(const BulkDialect&) = delete;
  BulkDialect& operator=(const BulkDialect&) = delete;
  virtual ~BulkDialect() = default;

  // Behind the URL of a node.
  virtual std::string Path() const = 0;
  virtual std::string ContentType() const = 0;
  // Of a document that belongs there; null: it is no JSON object that can be read.
  virtual const std::string* IndexOf(PaddedView document, const EventRef& event) = 0;
  // The item's part of the body, in pieces.
  virtual void Write(const BulkItem& item,
                     absl::FunctionRef<void(std::string_view)> piece) const = 0;
  // Of a request of so many items. Each foreign failure is classified here, and nowhere else.
  virtual BulkAnswer Read(HttpResponse response, size_t items) = 0;
};

}  // namespace sparktail
