#pragma once

#include <vector>

#include "ingest/kafka/kafka_statistics.h"
#include "sinks/measure.h"

namespace sparktail {

// The figures of the Kafka sinks on /metrics.
std::vector<Measure> KafkaMeasures();
void AddKafkaMeasures(const KafkaStatistics& statistics, SinkStatus* status);

}  // namespace sparktail
