#include "sinks/opensearch/opensearch_sink.h"

#include <string>
#include <utility>
#include <vector>

#include "sinks/name_pattern.h"
#include "sinks/opensearch/ask_server.h"
#include "sinks/opensearch/index_setup.h"
#include "sinks/opensearch/opensearch_dialect.h"

namespace sparktail {

std::unique_ptr<BulkSink> MakeOpenSearchSink(const OpenSearchOptions& options,
                                             BulkSink::Parts parts) {
  parts.options = options;
  parts.dialect = std::make_unique<OpenSearchDialect>(
      *NamePattern::Parse(options.index, NamePattern::Use::kIndex));
  parts.prepare = [options, name = parts.name, log = parts.log](
                      HttpClient* client, const std::vector<std::string>& urls) {
    const AskServer ask = AskServers(client, urls, options.request_timeout);
    return PrepareIndices(options, ask, "sink " + name, log).status();
  };
  return std::make_unique<BulkSink>(std::move(parts));
}

}  // namespace sparktail
