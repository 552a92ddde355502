#include "sinks/kafka/kafka_measures.h"

namespace sparktail {
namespace {

constexpr Measure::Type kCounter = Measure::Type::kCounter;
constexpr Measure::Type kGauge = Measure::Type::kGauge;

constexpr MeasureOf<KafkaStatistics> kMeasures[] = {
    {{"sparktail_kafka_queue_messages", kGauge, "",
      "Messages of a Kafka sink that wait in librdkafka's queue"},
     [](auto& s) { return double(s.queued_messages); }},
    {{"sparktail_kafka_queue_bytes", kGauge, "bytes",
      "Bytes of a Kafka sink that wait in librdkafka's queue"},
     [](auto& s) { return double(s.queued_bytes); }},
    {{"sparktail_kafka_requests_total", kCounter, "", "Requests that a Kafka sink sent to brokers"},
     [](auto& s) { return double(s.requests); }},
    {{"sparktail_kafka_retries_total", kCounter, "",
      "Requests that a Kafka sink sent to brokers again"},
     [](auto& s) { return double(s.retries); }},
    {{"sparktail_kafka_errors_total", kCounter, "",
      "Requests of a Kafka sink to brokers that failed"},
     [](auto& s) { return double(s.errors); }},
    {{"sparktail_kafka_rtt_seconds", kGauge, "seconds",
      "Seconds that a Kafka sink waits for a response of its slowest broker, on average"},
     [](auto& s) { return s.rtt_seconds; }},
};

}  // namespace

std::vector<Measure> KafkaMeasures() { return MeasuresIn(kMeasures); }

void AddKafkaMeasures(const KafkaStatistics& statistics, SinkStatus* status) {
  AddMeasures(kMeasures, statistics, status);
}

}  // namespace sparktail
