#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <map>
#include <memory>
#include <string>

#include "ingest/base/log.h"
#include "ingest/kafka/client_options.h"
#include "ingest/kafka/kafka_client.h"
#include "ingest/kafka/kafka_handles.h"

namespace sparktail {

// Topics that are made and looked at. Each call waits for the brokers, for at most `timeout`.
// Errors as of ToStatus() (kafka_error.h).

// A client that asks and makes, and by whose questions no topic is made. `name` is for the log.
absl::StatusOr<std::unique_ptr<KafkaClient>> MakeAdmin(const KafkaClientOptions& options, Log* log,
                                                       std::string name);

struct NewTopic {
  std::string name;
  int partitions = -1;  // -1: the cluster's default, like the next
  int replication = -1;
  std::map<std::string, std::string> settings;
};

// How many partitions the topic has; kNotFound if there is no such topic.
absl::StatusOr<int> CountPartitions(rd_kafka_t* client, const std::string& topic,
                                    absl::Duration timeout);

// True if it was made, false if it was there.
absl::StatusOr<bool> CreateTopic(rd_kafka_t* client, const NewTopic& topic, absl::Duration timeout);

// All settings of a topic, by name.
absl::StatusOr<std::map<std::string, std::string>> DescribeTopic(rd_kafka_t* client,
                                                                 const std::string& topic,
                                                                 absl::Duration timeout);

}  // namespace sparktail
