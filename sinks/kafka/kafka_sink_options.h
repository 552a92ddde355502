#pragma once

#include <cstdint>
#include <string>

#include "ingest/base/options.h"
#include "ingest/kafka/client_options.h"
#include "ingest/kafka/topic_admin.h"

namespace sparktail {

// Options of a sink of kind kafka. kafka_sink_options.cc describes each for users.
struct KafkaSinkOptions {
  enum class Delivery : uint8_t { kExactlyOnce, kAtLeastOnce };

  KafkaClientOptions client;
  std::string topic;  // a NamePattern
  Delivery delivery = Delivery::kExactlyOnce;
  std::string offsets_topic = "sparktail-offsets";
  bool create_topics = true;
  uint64_t partitions = 0;          // of topics that sparktail creates; 0: the cluster's default
  uint64_t replication_factor = 0;  // of topics that sparktail creates; 0: the cluster's default
  std::string compression = "zstd";
};
OptionTable<KafkaSinkOptions> KafkaSinkOptionTable();

// Returns the settings with which a topic of events is created.
NewTopic EventTopicSettings(const KafkaSinkOptions& options, const std::string& topic);

}  // namespace sparktail
