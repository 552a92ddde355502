#include "sinks/solr/solr_sink_kind.h"

#include <memory>

#include "sinks/solr/solr_options.h"
#include "sinks/solr/solr_sink.h"

namespace sparktail {
namespace {

std::unique_ptr<Sink> Make(const SinkParts& parts) {
  return MakeSolrSink(parts.configuration->options.Get<SolrOptions>(), BulkSink::Parts::Of(parts));
}

}  // namespace

const SinkKind& SolrSinkKind() {
  static const SinkKind kKind = {
      .name = "solr",
      .sentence = "Indexes events in Solr, each once.",
      .defaults = AnyOptions::Of(SolrOptions()),
      .options = Joined(Within<SinkConfiguration>(SolrOptionTable(),
                                                  [](SinkConfiguration* sink) {
                                                    return &sink->options.Get<SolrOptions>();
                                                  }),
                        SinkOptionTable()),
      .make = Make,
  };
  return kKind;
}

}  // namespace sparktail
