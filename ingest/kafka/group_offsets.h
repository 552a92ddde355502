#pragma once

#include <string>

#include "ingest/kafka/client_options.h"
#include "ingest/kafka/kafka_handles.h"

namespace sparktail {

// How far a consumer group has read what a transaction holds: it is committed with it (KIP-98), and
// only if the group's member still has its partitions (KIP-447).
struct GroupOffsets {
  KafkaPartitions offsets;
  KafkaGroupMetadata member;
};

// Where a sink keeps its cursors that commits them in Kafka transactions, together with the offsets
// of consumer groups of its cluster.
struct KafkaCommitPlace {
  KafkaClientOptions client;
  std::string offsets_topic;
};

}  // namespace sparktail
