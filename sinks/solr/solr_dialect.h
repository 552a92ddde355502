#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "sinks/bulk/bulk_dialect.h"
#include "sinks/event_fields.h"

namespace sparktail {

// Solr's /update/json/docs: documents one after the other. `id` is the collection's unique key, so
// a document that is sent again replaces its equal. Solr stops at a document that it rejects:
// documents before it are stored, documents after it are not. It does not report the rejected
// document in a form that can be parsed.
class SolrDialect : public BulkDialect {
 public:
  explicit SolrDialect(std::string collection) : collection_(std::move(collection)) {}

  std::string Path() const override;
  std::string ContentType() const override;
  const std::string* IndexOf(const EventBuffer& events, const EventRef& event) override;
  void Write(const BulkItem& item, absl::FunctionRef<void(std::string_view)> piece) const override;
  BulkAnswer Read(HttpResponse response, size_t items) override;

 private:
  const std::string collection_;
  EventFieldsReader reader_;
};

}  // namespace sparktail
