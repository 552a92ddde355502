#include "sinks/kafka/kafka_measures.h"

#include <gtest/gtest.h>

#include <map>

namespace sparktail {
namespace {

TEST(KafkaMeasuresTest, EachMeasureHasItsFigure) {
  KafkaStatistics statistics;
  statistics.queued_messages = 1;
  statistics.queued_bytes = 2;
  statistics.requests = 3;
  statistics.retries = 4;
  statistics.errors = 5;
  statistics.rtt_seconds = 0.5;
  SinkStatus status;
  AddKafkaMeasures(statistics, &status);
  std::map<std::string_view, double> values;
  for (const MeasuredValue& one : status.measured) values[one.name] = one.value;
  EXPECT_EQ(values, (std::map<std::string_view, double>{{"sparktail_kafka_queue_messages", 1},
                                                        {"sparktail_kafka_queue_bytes", 2},
                                                        {"sparktail_kafka_requests_total", 3},
                                                        {"sparktail_kafka_retries_total", 4},
                                                        {"sparktail_kafka_errors_total", 5},
                                                        {"sparktail_kafka_rtt_seconds", 0.5}}));
}

TEST(KafkaMeasuresTest, CountersAreThoseThatOnlyGrow) {
  for (const Measure& measure : KafkaMeasures()) {
    EXPECT_EQ(measure.type == Measure::Type::kCounter, measure.name.ends_with("_total"))
        << measure.name;
    EXPECT_FALSE(measure.help.empty()) << measure.name;
  }
}

}  // namespace
}  // namespace sparktail
