#include "sinks/kafka/kafka_measures.h"

namespace sparktail {
namespace {

using enum Measure::Type;

constexpr MeasureOf<KafkaStatistics> kMeasures[] = {
    {{"sparktail_kafka_queue_messages", kGauge, "",
      "Messages of a Kafka sink that wait in librdkafka's queue"},
     &KafkaStatistics::queued_messages},
    {{"sparktail_kafka_queue_bytes", kGauge, "bytes",
      "Bytes of a Kafka sink that wait in librdkafka's queue"},
     &KafkaStatistics::queued_bytes},
    {{"sparktail_kafka_requests_total", kCounter, "", "Requests that a Kafka sink sent to brokers"},
     &KafkaStatistics::requests},
    {{"sparktail_kafka_retries_total", kCounter, "",
      "Requests that a Kafka sink sent to brokers again"},
     &KafkaStatistics::retries},
    {{"sparktail_kafka_errors_total", kCounter, "",
      "Requests of a Kafka sink to brokers that failed"},
     &KafkaStatistics::errors},
    {{"sparktail_kafka_rtt_seconds", kGauge, "seconds",
      "Seconds that a Kafka sink waits for a response of its slowest broker, on average"},
     &KafkaStatistics::rtt_seconds},
};

}  // namespace

std::vector<Measure> KafkaMeasures() { return MeasuresIn(kMeasures); }

void AddKafkaMeasures(const KafkaStatistics& statistics, SinkStatus* status) {
  AddMeasures(kMeasures, statistics, status);
}

}  // namespace sparktail
