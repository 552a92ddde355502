#include "ingest/kafka/kafka_statistics.h"

#include <gtest/gtest.h>

namespace sparktail {
namespace {

TEST(KafkaStatisticsTest, ReadsStatistics) {
  KafkaStatistics all;
  EXPECT_FALSE(ReadKafkaStatistics("{", &all));
  ASSERT_TRUE(ReadKafkaStatistics(R"({"msg_cnt":3,"msg_size":-1,"tx":7,"brokers":{
      "a":{"txretries":1,"txerrs":2,"rxerrs":3,"req_timeouts":4,"rtt":{"avg":1500}},
      "b":{"txretries":1,"rtt":{"avg":2500}}, "c":7}})",
                                  &all));
  EXPECT_EQ(all.queued_messages, 3U);
  EXPECT_EQ(all.queued_bytes, 0U);
  EXPECT_EQ(all.requests, 7U);
  EXPECT_EQ(all.retries, 2U);
  EXPECT_EQ(all.errors, 9U);
  EXPECT_DOUBLE_EQ(all.rtt_seconds, 0.0025);
}

}  // namespace
}  // namespace sparktail
