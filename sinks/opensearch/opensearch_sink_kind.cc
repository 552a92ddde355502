#include "sinks/opensearch/opensearch_sink_kind.h"

#include <memory>
#include <string>
#include <utility>

#include "ingest/base/check_report.h"
#include "ingest/http/http_options.h"
#include "sinks/opensearch/opensearch_options.h"
#include "sinks/opensearch/opensearch_sink.h"
#include "sinks/opensearch/opensearch_survey.h"

namespace sparktail {
namespace {

std::unique_ptr<Sink> Make(const SinkParts& parts) {
  return MakeOpenSearchSink(parts.configuration->options.Get<OpenSearchOptions>(),
                            BulkSink::Parts::Of(parts));
}

void Check(const SinkConfiguration& sink, const CheckParts& parts, CheckReport* report) {
  AddFindings("sink " + sink.name,
              SurveyOpenSearch(sink.options.Get<OpenSearchOptions>(), parts.log), report);
}

void SetUp(const SinkConfiguration& sink, const CheckParts& parts, CheckReport* report) {
  AddFindings("sink " + sink.name,
              SetUpOpenSearch(sink.options.Get<OpenSearchOptions>(), parts.log), report);
}

absl::Status Problems(const SinkConfiguration& sink) {
  return CheckHttpOptions(sink.options.Get<OpenSearchOptions>().http);
}

SinkKind Kind(std::string name, std::string sentence) {
  return {
      .name = std::move(name),
      .sentence = std::move(sentence),
      .defaults = AnyOptions::Of(OpenSearchOptions()),
      .options = Joined(OfKind<SinkConfiguration>(OpenSearchOptionTable()), SinkOptionTable()),
      .make = Make,
      .problems = Problems,
      .check = Check,
      .setup = SetUp,
      .reported_as = "opensearch",
      .measures = BulkMeasures(),
      .reads_values = true,
  };
}

}  // namespace

const SinkKind& OpenSearchSinkKind() {
  static const SinkKind kKind = Kind("opensearch", "Indexes events in OpenSearch, each once.");
  return kKind;
}

const SinkKind& ElasticsearchSinkKind() {
  static const SinkKind kKind =
      Kind("elasticsearch", "Indexes events in Elasticsearch, each once.");
  return kKind;
}

}  // namespace sparktail
