#include "sinks/solr/solr_sink.h"

#include <utility>

#include "sinks/solr/solr_dialect.h"

namespace sparktail {

std::unique_ptr<BulkSink> MakeSolrSink(const SolrOptions& options, BulkSink::Parts parts) {
  parts.urls = options.urls;
  parts.http = options.http;
  parts.dialect = std::make_unique<SolrDialect>(options.collection);
  parts.bulk_bytes = options.bulk_bytes;
  parts.connections = options.connections;
  parts.request_timeout = options.request_timeout;
  return std::make_unique<BulkSink>(std::move(parts));
}

}  // namespace sparktail
