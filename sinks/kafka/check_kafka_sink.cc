#include "sinks/kafka/check_kafka_sink.h"

#include <absl/time/time.h>

#include <memory>
#include <string>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/kafka/cursor_topic.h"
#include "ingest/kafka/kafka_client.h"
#include "ingest/kafka/kafka_error.h"
#include "ingest/kafka/topic_admin.h"
#include "parsers/event.h"
#include "sinks/kafka/kafka_sink_options.h"
#include "sinks/name_pattern.h"

namespace sparktail {
namespace {

// The state of the cluster of a sink.
struct KafkaSurvey {
  struct Topic {
    std::string name;
    int partitions = 0;  // 0: it is missing
    bool was_made = false;
    absl::Status status;  // the reason why it can't be used or created
  };
  int brokers = 0;
  std::vector<Topic> topics;  // those of KnownTopics(), and offsets_topic
};

constexpr absl::Duration kRequestTime = absl::Seconds(10);

absl::StatusOr<int> CountBrokers(const KafkaClient& client) {
  const rd_kafka_metadata_t* found = nullptr;
  const rd_kafka_resp_err_t code =
      rd_kafka_metadata(client.get(), /*all_topics=*/0, nullptr, &found, ToMs(kRequestTime));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return ToStatus(code, "", "list the brokers");
  return KafkaMetadata(found)->broker_cnt;
}

KafkaSurvey::Topic LookForTopic(KafkaClient* client, const NewTopic& wanted, bool create) {
  KafkaSurvey::Topic topic;
  topic.name = wanted.name;
  absl::StatusOr<int> found = CountPartitions(client->get(), topic.name, kRequestTime);
  if (absl::IsNotFound(found.status()) && create) {
    const absl::StatusOr<bool> made = CreateTopic(client->get(), wanted, kRequestTime);
    topic.status = made.status();
    topic.was_made = made.ok() && *made;
    if (made.ok()) found = CountPartitions(client->get(), topic.name, kRequestTime);
  }
  if (found.ok()) {
    topic.partitions = *found;
  } else if (topic.status.ok() && !absl::IsNotFound(found.status())) {
    topic.status = found.status();
  }
  return topic;
}

// Returns the topics whose names are known before there are events: all names of a pattern without
// {environment} and {appName}, none of other patterns.
std::vector<std::string> KnownTopics(const std::string& pattern) {
  absl::StatusOr<NamePattern> names = NamePattern::Parse(pattern);
  if (!names.ok()) return {};
  if (names->is_literal()) return {pattern};
  std::vector<std::string> topics;
  const bool depends = pattern.find("{environment}") != std::string::npos ||
                       pattern.find("{appName}") != std::string::npos;
  for (const std::string_view kind : kEventKindNames) {
    EventFields fields;
    fields.kind = kind;
    if (!depends) topics.push_back(names->NameOf(fields));
  }
  return topics;
}

// Looks for the topics, and creates missing ones if `create`. Existing topics stay unchanged.
// Returns an error if no broker responds, or none accepts the log-in.
absl::StatusOr<KafkaSurvey> Survey(Log* log, const KafkaSinkOptions& options, bool create) {
  const absl::StatusOr<std::unique_ptr<KafkaClient>> client =
      MakeAdmin(options.client, log, "kafka");
  if (!client.ok()) return client.status();
  const absl::StatusOr<int> brokers = CountBrokers(**client);
  (*client)->Poll(absl::ZeroDuration());
  if (!brokers.ok()) return (*client)->WithTrouble(brokers.status());

  KafkaSurvey survey;
  survey.brokers = *brokers;
  for (const std::string& name : KnownTopics(options.topic)) {
    survey.topics.push_back(LookForTopic(client->get(), EventTopicSettings(options, name), create));
  }
  if (options.delivery != KafkaSinkOptions::Delivery::kExactlyOnce) return survey;
  survey.topics.push_back(
      LookForTopic(client->get(), CursorTopicSettings(options.offsets_topic), create));
  KafkaSurvey::Topic& offsets = survey.topics.back();
  if (offsets.partitions > 0) {
    offsets.status =
        PrepareCursorTopic(client->get(), offsets.name, /*create=*/false, kRequestTime);
  }
  return survey;
}

}  // namespace

void CheckKafkaSink(const SinkConfiguration& sink, const CheckParts& parts, CheckReport* report) {
  const auto& options = sink.options.Get<KafkaSinkOptions>();
  const std::string subject = "sink " + sink.name;
  const absl::StatusOr<KafkaSurvey> survey = Survey(parts.log, options, /*create=*/false);
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
  const absl::StatusOr<KafkaSurvey> survey = Survey(parts.log, options, /*create=*/true);
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
