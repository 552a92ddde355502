#pragma once

#include <absl/functional/function_ref.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/http/http_client.h"
#include "parsers/event.h"
#include "sinks/bulk/bulk_answer.h"

namespace sparktail {

// One document to send: a line of JSON in its EventBuffer, valid as long as that is.
struct BulkItem {
  std::string_view line;  // the document and its newline
  EventId id{};
  const std::string* index = nullptr;  // name of the index, valid as long as the dialect

  std::string_view document() const { return line.substr(0, line.size() - 1); }
};

// A server's format of bulk requests and their responses. Not thread safe.
class BulkDialect {
 public:
  BulkDialect() = default;
  BulkDialect(const BulkDialect&) = delete;
  BulkDialect& operator=(const BulkDialect&) = delete;
  virtual ~BulkDialect() = default;

  // The path and query of bulk requests, appended to the URL of a node.
  virtual std::string Path() const = 0;
  virtual std::string ContentType() const = 0;
  // Returns the name of the event's index; null if its document is not a valid JSON object.
  virtual const std::string* IndexOf(const EventBuffer& events, const EventRef& event) = 0;
  // Writes the item's part of the body, in pieces.
  virtual void Write(const BulkItem& item,
                     absl::FunctionRef<void(std::string_view)> piece) const = 0;
  // Reads the response to a request of `items` documents. No other place classifies the server's
  // errors.
  virtual BulkAnswer Read(HttpResponse response, size_t items) = 0;
};

}  // namespace sparktail
