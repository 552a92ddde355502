#include "sinks/solr/solr_sink.h"

#include <utility>

#include "sinks/solr/solr_dialect.h"

namespace sparktail {

std::unique_ptr<BulkSink> MakeSolrSink(const SolrOptions& options, BulkSink::Parts parts) {
  parts.options = options;
  parts.dialect = std::make_unique<SolrDialect>(options.collection);
  return std::make_unique<BulkSink>(std::move(parts));
}

}  // namespace sparktail
