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

// Creates and describes topics. Each call waits for the brokers, for at most `timeout`. Errors are
// those of ToStatus() (kafka_error.h).

// Creates a client for the functions below. Brokers create no topic because it asks for one. `name`
// begins its log lines.
absl::StatusOr<std::unique_ptr<KafkaClient>> MakeAdmin(const KafkaClientOptions& options, Log* log,
                                                       std::string name);

struct NewTopic {
  std::string name;
  int partitions = -1;   // -1: the cluster's default
  int replication = -1;  // -1: the cluster's default
  std::map<std::string, std::string> settings;
};

// Returns the number of partitions. kNotFound: there is no such topic.
absl::StatusOr<int> CountPartitions(rd_kafka_t* client, const std::string& topic,
                                    absl::Duration timeout);

// Returns true if it created the topic, false if the topic existed.
absl::StatusOr<bool> CreateTopic(rd_kafka_t* client, const NewTopic& topic, absl::Duration timeout);

// Returns all settings of a topic, by name.
absl::StatusOr<std::map<std::string, std::string>> DescribeTopic(rd_kafka_t* client,
                                                                 const std::string& topic,
                                                                 absl::Duration timeout);

}  // namespace sparktail
