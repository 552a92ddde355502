#include "ingest/kafka/topic_admin.h"

#include <array>
#include <utility>

#include "ingest/kafka/kafka_error.h"

namespace sparktail {
namespace {

KafkaAdminOptions Options(rd_kafka_t* client, rd_kafka_admin_op_t operation,
                          absl::Duration timeout) {
  KafkaAdminOptions options(rd_kafka_AdminOptions_new(client, operation));
  std::array<char, 256> error{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), ToMs(timeout), error.data(),
                                            error.size());
  return options;
}

// Waits for the response to a request. An error of the request becomes the status.
absl::StatusOr<KafkaEvent> AwaitResponse(rd_kafka_queue_t* queue, absl::Duration timeout,
                                         const std::string& what) {
  // librdkafka emits a time-out event itself, but a little later than `timeout`.
  KafkaEvent event(rd_kafka_queue_poll(queue, ToMs(timeout) + 1000));
  if (!event) return ToStatus(RD_KAFKA_RESP_ERR__TIMED_OUT, "", what);
  const rd_kafka_resp_err_t code = rd_kafka_event_error(event.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return ToStatus(code, rd_kafka_event_error_string(event.get()), what);
  }
  return event;
}

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaClient>> MakeAdmin(const KafkaClientOptions& options, Log* log,
                                                       std::string name) {
  KafkaClient::Parts parts;
  parts.options = options;
  parts.log = log;
  parts.name = std::move(name);
  parts.role = KafkaRole::kReader;
  parts.required = {{"allow.auto.create.topics", "false"}};
  return KafkaClient::Make(std::move(parts));
}

absl::StatusOr<int> CountPartitions(rd_kafka_t* client, const std::string& topic,
                                    absl::Duration timeout) {
  const std::string what = "look for topic " + topic;
  const KafkaTopic handle(rd_kafka_topic_new(client, topic.c_str(), nullptr));
  if (!handle) return ToStatus(rd_kafka_last_error(), "", what);
  const rd_kafka_metadata_t* found = nullptr;
  const rd_kafka_resp_err_t code =
      rd_kafka_metadata(client, /*all_topics=*/0, handle.get(), &found, ToMs(timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return ToStatus(code, "", what);
  const KafkaMetadata metadata(found);
  if (metadata->topic_cnt != 1) return absl::NotFoundError("there is no topic " + topic);
  const rd_kafka_metadata_topic_t& one = metadata->topics[0];
  if (one.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
    return absl::NotFoundError("there is no topic " + topic);
  }
  if (one.err == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE && one.partition_cnt > 0) {
    return one.partition_cnt;
  }
  if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR) return ToStatus(one.err, "", what);
  return one.partition_cnt;
}

absl::StatusOr<bool> CreateTopic(rd_kafka_t* client, const NewTopic& topic,
                                 absl::Duration timeout) {
  const std::string what = "create topic " + topic.name;
  std::array<char, 512> error{};
  const KafkaNewTopic wanted(rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions,
                                                   topic.replication, error.data(), error.size()));
  if (!wanted) return ToStatus(RD_KAFKA_RESP_ERR__INVALID_ARG, error.data(), what);
  for (const auto& [name, value] : topic.settings) {
    rd_kafka_NewTopic_set_config(wanted.get(), name.c_str(), value.c_str());
  }
  const KafkaQueue queue(rd_kafka_queue_new(client));
  const KafkaAdminOptions options = Options(client, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout);
  rd_kafka_NewTopic_t* topics[] = {wanted.get()};
  rd_kafka_CreateTopics(client, topics, 1, options.get(), queue.get());
  const absl::StatusOr<KafkaEvent> event = AwaitResponse(queue.get(), timeout, what);
  if (!event.ok()) return event.status();
  size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event->get()), &count);
  if (count != 1) return ToStatus(RD_KAFKA_RESP_ERR__BAD_MSG, "", what);
  const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[0]);
  if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return false;
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return true;
  const char* detail = rd_kafka_topic_result_error_string(results[0]);
  return ToStatus(code, detail == nullptr ? "" : detail, what);
}

absl::StatusOr<std::map<std::string, std::string>> DescribeTopic(rd_kafka_t* client,
                                                                 const std::string& topic,
                                                                 absl::Duration timeout) {
  const std::string what = "read the settings of topic " + topic;
  const KafkaConfigResource wanted(
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  const KafkaQueue queue(rd_kafka_queue_new(client));
  const KafkaAdminOptions options = Options(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout);
  rd_kafka_ConfigResource_t* resources[] = {wanted.get()};
  rd_kafka_DescribeConfigs(client, resources, 1, options.get(), queue.get());
  const absl::StatusOr<KafkaEvent> event = AwaitResponse(queue.get(), timeout, what);
  if (!event.ok()) return event.status();
  size_t count = 0;
  const rd_kafka_ConfigResource_t** results = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event->get()), &count);
  if (count != 1) return ToStatus(RD_KAFKA_RESP_ERR__BAD_MSG, "", what);
  const rd_kafka_resp_err_t code = rd_kafka_ConfigResource_error(results[0]);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* detail = rd_kafka_ConfigResource_error_string(results[0]);
    return ToStatus(code, detail == nullptr ? "" : detail, what);
  }
  const rd_kafka_ConfigEntry_t** entries = rd_kafka_ConfigResource_configs(results[0], &count);
  std::map<std::string, std::string> settings;
  for (size_t i = 0; i < count; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    settings[rd_kafka_ConfigEntry_name(entries[i])] = value == nullptr ? "" : value;
  }
  return settings;
}

}  // namespace sparktail
