#include "sinks/solr/solr_sink_kind.h"

#include <memory>

#include "ingest/base/check_report.h"
#include "ingest/http/http_options.h"
#include "sinks/solr/solr_options.h"
#include "sinks/solr/solr_sink.h"
#include "sinks/solr/solr_survey.h"

namespace sparktail {
namespace {

std::unique_ptr<Sink> Make(const SinkParts& parts) {
  return MakeSolrSink(parts.configuration->options.Get<SolrOptions>(), BulkSink::Parts::Of(parts));
}

void Check(const SinkConfiguration& sink, const CheckParts& parts, CheckReport* report) {
  AddFindings("sink " + sink.name, SurveySolr(sink.options.Get<SolrOptions>(), parts.log), report);
}

void SetUp(const SinkConfiguration& sink, const CheckParts& /*parts*/, CheckReport* report) {
  report->Ok("sink " + sink.name,
             "the schema of a collection is its owner's: see docs/opensearch.md");
}

absl::Status Problems(const SinkConfiguration& sink) {
  return CheckHttpOptions(sink.options.Get<SolrOptions>().http);
}

}  // namespace

const SinkKind& SolrSinkKind() {
  static const SinkKind kKind = {
      .name = "solr",
      .sentence = "Indexes events in Solr, each once.",
      .defaults = AnyOptions::Of(SolrOptions()),
      .options = Joined(OfKind<SinkConfiguration>(SolrOptionTable()), SinkOptionTable()),
      .make = Make,
      .problems = Problems,
      .check = Check,
      .setup = SetUp,
      .measures = BulkMeasures(),
      .reads_values = true,
  };
  return kKind;
}

}  // namespace sparktail
