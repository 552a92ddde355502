#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "sinks/bulk/bulk_dialect.h"
#include "sinks/name_pattern.h"

namespace sparktail {

// The bulk API of OpenSearch 2 and 3 and Elasticsearch 7 and 8: `create` with the event's id, so
// that what comes again is known (409) and changes nothing.
//
// An answer counts only if it has as many items as the request, whatever its `errors` says. Items:
//   2xx, 409                              delivered
//   429, 408, 5xx                         retry
//   401, 403, a missing or closed index,
//   a cluster that takes no new shards    blocked
//   all other statuses                    refused
class OpenSearchDialect : public BulkDialect {
 public:
  // `index`: that of each event.
  explicit OpenSearchDialect(NamePattern index);
  ~OpenSearchDialect() override;

  std::string Path() const override;
  std::string ContentType() const override;
  const std::string* IndexOf(PaddedView document, const EventRef& event) override;
  void Write(const BulkItem& item, absl::FunctionRef<void(std::string_view)> piece) const override;
  BulkAnswer Read(HttpResponse response, size_t items) override;

 private:
  struct Json;

  NamePattern pattern_;
  EventFieldsReader reader_;
  std::set<std::string, std::less<>> names_;  // as many as the pattern makes
  std::unique_ptr<Json> json_;
};

}  // namespace sparktail
