#include "sinks/kafka/check_kafka_sink.h"

#include <string>

#include "ingest/base/log.h"
#include "sinks/kafka/kafka_sink_options.h"
#include "sinks/kafka/kafka_survey.h"

namespace sparktail {

void CheckKafkaSink(const SinkConfiguration& sink, const CheckParts& parts, CheckReport* report) {
  const auto& options = sink.options.Get<KafkaSinkOptions>();
  const std::string subject = "sink " + sink.name;
  const absl::StatusOr<KafkaSurvey> survey = SurveyKafka(parts.log, options, /*create=*/false);
  if (!survey.ok()) return report->Broken(subject, std::string(survey.status().message()));
  report->Ok(subject, "the cluster answers, brokers: " + std::to_string(survey->brokers));
  for (const KafkaSurvey::Topic& topic : survey->topics) {
    if (!topic.status.ok()) {
      report->Broken(subject, std::string(topic.status.message()));
    } else if (topic.partitions > 0) {
      report->Ok(subject, "there is topic " + topic.name +
                              ", partitions: " + std::to_string(topic.partitions));
    } else if (options.create_topics) {
      report->Ok(subject, "topic " + topic.name + " is missing, and will be made");
    } else {
      report->Broken(subject, "topic " + topic.name + " is missing: sparktail setup makes it");
    }
  }
}

void SetUpKafkaSink(const SinkConfiguration& sink, const CheckParts& parts, CheckReport* report) {
  const auto& options = sink.options.Get<KafkaSinkOptions>();
  const std::string subject = "sink " + sink.name;
  const absl::StatusOr<KafkaSurvey> survey = SurveyKafka(parts.log, options, /*create=*/true);
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

}  // namespace sparktail
