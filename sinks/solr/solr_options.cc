#include "sinks/solr/solr_options.h"

#include <algorithm>
#include <string_view>

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
  const OptionTable<BulkOptions> urls = {
      Declare("urls", &O::urls)
          .Form(kUrlForm)
          .Required()
          .Says("URLs of Solr's nodes, such as http://solr1:8983/solr; they are used in turn."),
  };
  const OptionTable<O> own = {
      Declare("collection", &O::collection)
          .Form(kCollectionForm)
          .Required()
          .Says("Collection or core for events; its unique key must be id."),
  };
  return Joined(Joined(Within<O>(urls), own), Within<O>(BulkOptionTable(/*compresses=*/false)));
}

}  // namespace sparktail
