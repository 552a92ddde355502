#include "ingest/cli/setup_command.h"

#include <unistd.h>

#include <string>
#include <variant>

#include "ingest/cli/check_report.h"
#include "ingest/cli/check_sink.h"
#include "ingest/cli/error_log.h"
#include "sinks/kafka/kafka_sink_options.h"
#include "sinks/kafka/kafka_survey.h"
#include "sinks/opensearch/opensearch_options.h"
#include "sinks/opensearch/opensearch_survey.h"
#include "sinks/solr/solr_options.h"

namespace sparktail {
namespace {

void SetUpKafka(const std::string& subject, const KafkaSinkOptions& options, Log* log,
                CheckReport* report) {
  const absl::StatusOr<KafkaSurvey> survey = SurveyKafka(log, options, /*create=*/true);
  if (!survey.ok()) return report->Broken(subject, std::string(survey.status().message()));
  for (const KafkaSurvey::Topic& topic : survey->topics) {
    if (!topic.status.ok()) {
      report->Broken(subject, std::string(topic.status.message()));
    } else {
      report->Ok(subject, std::string(topic.was_made ? "made topic " : "there is topic ") +
                              topic.name + ", partitions: " + std::to_string(topic.partitions));
    }
  }
  if (KnownTopics(options.topic).empty()) {
    report->Ok(subject, "topics of " + options.topic + " are made when their first event comes");
  }
}

}  // namespace

ExitCode RunSetup(const SetupCommand& command, Os* os) {
  CheckReport report;
  ErrorLog log(os);
  for (const SinkConfiguration& sink : command.configuration.sinks) {
    const std::string subject = "sink " + sink.name;
    if (const auto* kafka = sink.options.Find<KafkaSinkOptions>()) {
      SetUpKafka(subject, *kafka, &log, &report);
    } else if (const auto* search = sink.options.Find<OpenSearchOptions>()) {
      AddFindings(subject, SetUpOpenSearch(*search, &log), &report);
    } else if ((sink.options.Find<SolrOptions>() != nullptr)) {
      report.Ok(subject, "the schema of a collection is its owner's: see docs/opensearch.md");
    } else {
      report.Ok(subject, "it needs nothing to be set up");
    }
  }
  const absl::Status written = WriteAll(os, STDOUT_FILENO, report.Text());
  const bool works = report.broken() == 0 && (written.ok() || absl::IsCancelled(written));
  return works ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace sparktail
