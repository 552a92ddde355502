#include "sinks/kafka/kafka_survey.h"

#include <absl/time/time.h>

#include <memory>
#include <utility>

#include "ingest/kafka/cursor_topic.h"
#include "ingest/kafka/kafka_client.h"
#include "ingest/kafka/kafka_error.h"
#include "ingest/kafka/topic_admin.h"
#include "parsers/event.h"
#include "sinks/name_pattern.h"

namespace sparktail {
namespace {

constexpr absl::Duration kRequestTime = absl::Seconds(10);

absl::StatusOr<int> CountBrokers(const KafkaClient& client) {
  const rd_kafka_metadata_t* found = nullptr;
  const rd_kafka_resp_err_t code =
      rd_kafka_metadata(client.get(), /*all_topics=*/0, nullptr, &found, ToMs(kRequestTime));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return ToStatus(code, "", "list the brokers");
  return KafkaMetadata(found)->broker_cnt;
}

KafkaSurvey::Topic Survey(KafkaClient* client, const NewTopic& wanted, bool create) {
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

}  // namespace

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

absl::StatusOr<KafkaSurvey> SurveyKafka(Log* log, const KafkaSinkOptions& options, bool create) {
  const absl::StatusOr<std::unique_ptr<KafkaClient>> client =
      MakeAdmin(options.client, log, "kafka");
  if (!client.ok()) return client.status();
  const absl::StatusOr<int> brokers = CountBrokers(**client);
  (*client)->Poll(absl::ZeroDuration());
  if (!brokers.ok()) return (*client)->WithTrouble(brokers.status());

  KafkaSurvey survey;
  survey.brokers = *brokers;
  for (const std::string& name : KnownTopics(options.topic)) {
    survey.topics.push_back(Survey(client->get(), EventTopicSettings(options, name), create));
  }
  if (options.delivery != KafkaSinkOptions::Delivery::kExactlyOnce) return survey;
  survey.topics.push_back(
      Survey(client->get(), CursorTopicSettings(options.offsets_topic), create));
  KafkaSurvey::Topic& offsets = survey.topics.back();
  if (offsets.partitions > 0) {
    offsets.status =
        PrepareCursorTopic(client->get(), offsets.name, /*create=*/false, kRequestTime);
  }
  return survey;
}

}  // namespace sparktail
