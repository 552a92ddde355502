#include "sinks/solr/solr_options.h"

#include <algorithm>
#include <string_view>

#include "ingest/http/http_options.h"

namespace sparktail {
namespace {

bool IsCollection(std::string_view text) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !text.empty() && text.front() != '-' && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), is_plain);
}
constexpr TextForm kCollectionForm = {"a name of letters, digits and . _ -",
                                      "^[A-Za-z0-9_][A-Za-z0-9._-]*$", IsCollection};

}  // namespace

OptionTable<SolrOptions> SolrOptionTable() {
  using O = SolrOptions;
  OptionTable<O> own = {
      Declare("urls", &O::urls)
          .Form(kUrlForm)
          .Required()
          .Says("URLs of Solr's nodes, such as http://solr1:8983/solr; they are used in turn."),
      Declare("collection", &O::collection)
          .Form(kCollectionForm)
          .Required()
          .Says("Collection or core for events; its unique key must be id."),
      Declare("bulk_bytes", &O::bulk_bytes)
          .Bytes()
          .Default("1MiB")
          .From(uint64_t{16} << 10)
          .To(uint64_t{64} << 20)
          .Says("Bytes of documents in one request."),
      Declare("connections", &O::connections)
          .Default("4")
          .Unit("requests")
          .From(1)
          .To(64)
          .Says("Most requests in flight at a time; fewer while the server is overloaded."),
      Declare("request_timeout", &O::request_timeout)
          .Default("1m")
          .From(absl::Seconds(1))
          .To(absl::Hours(1))
          .Says("Longest time for a response before the request is retried."),
  };
  return Joined(own, Within<O>(HttpOptionTable(), [](O* sink) { return &sink->http; }));
}

}  // namespace sparktail
