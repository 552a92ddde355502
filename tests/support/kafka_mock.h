#pragma once

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/kafka/client_options.h"
#include "ingest/kafka/kafka_handles.h"

namespace sparktail::testing {

// librdkafka's mock of a cluster, in this process: brokers 1 … n, which answer with any error on
// demand. It makes topics when they are asked for, knows no CreateTopics and no DescribeConfigs,
// has no read_committed (what is aborted stays visible), and fences nobody by itself.
class KafkaMock {
 public:
  enum Api : int16_t {
    kProduce = 0,
    kFetch = 1,
    kListOffsets = 2,
    kMetadata = 3,
    kOffsetCommit = 8,
    kOffsetFetch = 9,
    kFindCoordinator = 10,
    kInitProducerId = 22,
    kAddPartitionsToTxn = 24,
    kAddOffsetsToTxn = 25,
    kEndTxn = 26,
    kTxnOffsetCommit = 28,
  };

  explicit KafkaMock(int brokers = 1) {
    std::array<char, 512> error{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "test.mock.num.brokers", std::to_string(brokers).c_str(), error.data(),
                      error.size());
    rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
    owner_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size()));
    EXPECT_NE(owner_, nullptr) << error.data();
    cluster_ = rd_kafka_handle_mock_cluster(owner_.get());
  }

  // How to reach it; time-outs are short, and nobody waits long to try again.
  KafkaClientOptions Options(const std::map<std::string, std::string>& properties = {}) const {
    KafkaClientOptions options;
    const std::string all = rd_kafka_mock_cluster_bootstraps(cluster_);
    for (size_t at = 0; at < all.size();) {
      const size_t end = std::min(all.find(',', at), all.size());
      options.brokers.push_back(all.substr(at, end - at));
      at = end + 1;
    }
    std::map<std::string, std::string> texts = {
        {"reconnect.backoff.ms", "10"},   {"reconnect.backoff.max.ms", "50"},
        {"retry.backoff.ms", "10"},       {"fetch.wait.max.ms", "10"},
        {"fetch.error.backoff.ms", "10"}, {"linger.ms", "1"},
        {"message.timeout.ms", "1500"},   {"transaction.timeout.ms", "5000"},
        {"socket.timeout.ms", "1000"}};
    for (const auto& [name, value] : properties) texts[name] = value;
    for (const auto& [name, value] : texts) options.properties[name] = Secret(value);
    return options;
  }

  rd_kafka_mock_cluster_t* cluster() const { return cluster_; }

  // All of its partitions are led by `broker`.
  void MakeTopic(const std::string& name, int partitions, int broker = 1) const {
    rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, 1);
    for (int i = 0; i < partitions; ++i) {
      rd_kafka_mock_partition_set_leader(cluster_, name.c_str(), i, broker);
    }
  }
  // What brokers say of the topic itself.
  void SetTopicError(const std::string& name, rd_kafka_resp_err_t code) const {
    rd_kafka_mock_topic_set_error(cluster_, name.c_str(), code);
  }
  void SetCoordinator(const std::string& transactional_id, int broker) const {
    rd_kafka_mock_coordinator_set(cluster_, "transaction", transactional_id.c_str(), broker);
  }
  void SetGroupCoordinator(const std::string& group, int broker) const {
    rd_kafka_mock_coordinator_set(cluster_, "group", group.c_str(), broker);
  }

  // The next requests of that kind, to `broker` (0: to any), are answered so.
  // RD_KAFKA_RESP_ERR__TRANSPORT: the connection breaks, after the request has taken effect.
  // An answer of one broker may take a while.
  void Answer(Api api, std::initializer_list<rd_kafka_resp_err_t> codes, int broker = 0,
              int milliseconds = 0) const {
    for (const rd_kafka_resp_err_t code : codes) {
      if (broker == 0) {
        rd_kafka_mock_push_request_errors(cluster_, api, 1, code);
      } else {
        rd_kafka_mock_broker_push_request_error_rtts(cluster_, broker, api, 1, code, milliseconds);
      }
    }
  }
  void AnswerAll(Api api, rd_kafka_resp_err_t code, size_t count = 10'000) const {
    const std::vector<rd_kafka_resp_err_t> codes(count, code);
    rd_kafka_mock_push_request_errors_array(cluster_, api, codes.size(), codes.data());
  }
  // Of those that were for any broker.
  void AnswerAsUsual(Api api) const { rd_kafka_mock_clear_request_errors(cluster_, api); }
  // How many of a broker's own answers are left.
  size_t Left(Api api, int broker) const {
    size_t count = 0;
    rd_kafka_mock_broker_error_stack_cnt(cluster_, broker, api, &count);
    return count;
  }

  void Down(int broker = -1) const { rd_kafka_mock_broker_set_down(cluster_, broker); }
  void Up(int broker = -1) const { rd_kafka_mock_broker_set_up(cluster_, broker); }
  // Each answer takes so long.
  void Delay(int milliseconds, int broker = -1) const {
    rd_kafka_mock_broker_set_rtt(cluster_, broker, milliseconds);
  }

  // A client of this group, which has not joined it.
  using Client = Owned<rd_kafka_t, rd_kafka_destroy>;
  Client MakeConsumer(const std::string& group) const {
    std::array<char, 512> error{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_),
                      error.data(), error.size());
    rd_kafka_conf_set(conf, "group.id", group.c_str(), error.data(), error.size());
    Client client(rd_kafka_new(RD_KAFKA_CONSUMER, conf, error.data(), error.size()));
    EXPECT_NE(client, nullptr) << error.data();
    rd_kafka_poll_set_consumer(client.get());
    return client;
  }

  struct Record {
    int32_t partition = 0;
    std::optional<std::string> key;
    std::optional<std::string> value;
    std::map<std::string, std::string> headers;
    int64_t time_ms = -1;
  };
  // As another program would.
  void Write(const std::string& topic, const std::string& key, const std::string& value) const {
    std::array<char, 512> error{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_),
                      error.data(), error.size());
    const Owned<rd_kafka_t, rd_kafka_destroy> client(
        rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size()));
    const rd_kafka_resp_err_t code = rd_kafka_producev(
        client.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_KEY(key.data(), key.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()), RD_KAFKA_V_END);
    EXPECT_EQ(code, RD_KAFKA_RESP_ERR_NO_ERROR);
    EXPECT_EQ(rd_kafka_flush(client.get(), 30'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  // All that stands in a topic, partition by partition.
  std::vector<Record> Read(const std::string& name) const {
    std::array<char, 512> error{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    for (const auto& [property, value] : std::map<std::string, std::string>{
             {"bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_)},
             {"enable.partition.eof", "true"},
             {"auto.offset.reset", "earliest"},
             {"fetch.wait.max.ms", "10"}}) {
      rd_kafka_conf_set(conf, property.c_str(), value.c_str(), error.data(), error.size());
    }
    const Owned<rd_kafka_t, rd_kafka_destroy> client(
        rd_kafka_new(RD_KAFKA_CONSUMER, conf, error.data(), error.size()));
    const KafkaTopic topic(rd_kafka_topic_new(client.get(), name.c_str(), nullptr));
    const rd_kafka_metadata_t* found = nullptr;
    const rd_kafka_resp_err_t code =
        rd_kafka_metadata(client.get(), 0, topic.get(), &found, 30'000);
    EXPECT_EQ(code, RD_KAFKA_RESP_ERR_NO_ERROR);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    const KafkaMetadata metadata(found);
    std::vector<Record> records;
    for (int32_t i = 0; i < metadata->topics[0].partition_cnt; ++i) {
      rd_kafka_consume_start(topic.get(), i, RD_KAFKA_OFFSET_BEGINNING);
      while (true) {
        const KafkaMessage message(rd_kafka_consume(topic.get(), i, 30'000));
        EXPECT_TRUE(message) << "partition " << i << " of " << name << " can't be read";
        if (!message || message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) break;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) records.push_back(RecordOf(*message));
      }
      rd_kafka_consume_stop(topic.get(), i);
    }
    return records;
  }

 private:
  static Record RecordOf(const rd_kafka_message_t& message) {
    const auto text = [](const void* data, size_t size) -> std::optional<std::string> {
      if (data == nullptr) return {};
      return std::string(static_cast<const char*>(data), size);
    };
    Record record;
    record.partition = message.partition;
    record.key = text(message.key, message.key_len);
    record.value = text(message.payload, message.len);
    rd_kafka_timestamp_type_t type{};
    record.time_ms = rd_kafka_message_timestamp(&message, &type);
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
    const char* name = nullptr;
    const void* data = nullptr;
    size_t size = 0;
    for (size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &data, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
      record.headers[name] = std::string(static_cast<const char*>(data), size);
    }
    return record;
  }

  Owned<rd_kafka_t, rd_kafka_destroy> owner_;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

}  // namespace sparktail::testing
