#pragma once

#include <cstdint>
#include <string>

#include "ingest/base/options.h"
#include "ingest/kafka/client_options.h"

namespace sparktail {

// What a sink of Kafka can be told. Each option's text for users stands in kafka_sink_options.cc.
struct KafkaSinkOptions {
  enum class Delivery : uint8_t { kExactlyOnce, kAtLeastOnce };

  KafkaClientOptions client;
  std::string topic;  // a NamePattern
  Delivery delivery = Delivery::kExactlyOnce;
  std::string offsets_topic = "sparktail-offsets";
  bool create_topics = true;
  uint64_t partitions = 0;          // of topics that are made; 0: the cluster's default
  uint64_t replication_factor = 0;  // the same
  std::string compression = "zstd";
};
OptionTable<KafkaSinkOptions> KafkaSinkOptionTable();

}  // namespace sparktail
