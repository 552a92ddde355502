#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "sinks/bulk/bulk_dialect.h"
#include "sinks/event_fields.h"

namespace sparktail {

// Solr's /update/json/docs: documents one behind the other. `id` is the collection's unique key, so
// that what comes again takes the place of its equal. At a document that is refused Solr stops:
// those before it are stored, those behind it are not, and it does not say which one it was in a
// way that can be read.
class SolrDialect : public BulkDialect {
 public:
  explicit SolrDialect(std::string collection) : collection_(std::move(collection)) {}

  std::string Path() const override;
  std::string ContentType() const override;
  const std::string* IndexOf(PaddedView document, const EventRef& event) override;
  void Write(const BulkItem& item, absl::FunctionRef<void(std::string_view)> piece) const override;
  BulkAnswer Read(HttpResponse response, size_t items) override;

 private:
  const std::string collection_;
  EventFieldsReader reader_;
};

}  // namespace sparktail
