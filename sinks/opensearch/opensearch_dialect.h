#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "sinks/bulk/bulk_dialect.h"
#include "sinks/name_pattern.h"

namespace sparktail {

// The bulk API of OpenSearch 2 and 3 and Elasticsearch 7 and 8. Documents are sent by `create` with
// the event's id, so an event that is sent again is known (409) and changes nothing.
//
// A response is valid only if it has as many items as the request, whatever its `errors` says.
// Items are classified by their status:
//   2xx, 409                               delivered
//   429, 408, 5xx                          retry
//   401, 403, a missing or closed index,
//   a cluster that accepts no new shards   blocked
//   all other statuses                     rejected
class OpenSearchDialect : public BulkDialect {
 public:
  // `index` is the pattern for the index of each event.
  explicit OpenSearchDialect(NamePattern index);
  ~OpenSearchDialect() override;

  std::string Path() const override;
  std::string ContentType() const override;
  const std::string* IndexOf(const EventBuffer& events, const EventRef& event) override;
  void Write(const BulkItem& item, absl::FunctionRef<void(std::string_view)> piece) const override;
  BulkAnswer Read(HttpResponse response, size_t items) override;

 private:
  struct Json;

  NamePattern pattern_;
  EventFieldsReader reader_;
  std::set<std::string, std::less<>> names_;  // the pattern bounds their number
  std::unique_ptr<Json> json_;
};

}  // namespace sparktail
