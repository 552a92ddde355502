#include "sinks/kafka/check_kafka_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sinks/kafka/kafka_sink_options.h"
#include "tests/support/kafka_mock.h"
#include "tests/support/recording_log.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;
using testing::KafkaMock;
using ::testing::Not;

class CheckKafkaSinkTest : public ::testing::Test {
 protected:
  CheckKafkaSinkTest() {
    options_.client = mock_.Options();
    options_.topic = "events";
    options_.delivery = KafkaSinkOptions::Delivery::kAtLeastOnce;
  }
  std::string Reported(decltype(CheckKafkaSink)* check) {
    SinkConfiguration sink;
    sink.name = "one";
    sink.options = AnyOptions::Of(options_);
    CheckReport report;
    check(sink, {nullptr, &log_}, &report);
    broken_ = report.broken();
    return report.Text();
  }

  KafkaMock mock_{2};
  testing::RecordingLog log_;
  KafkaSinkOptions options_;
  size_t broken_ = 0;
};

TEST_F(CheckKafkaSinkTest, BrokersAndTopicsAreFound) {
  mock_.MakeTopic("events", 3);
  const std::string text = Reported(CheckKafkaSink);
  EXPECT_THAT(text, HasSubstr("ok       sink one: the cluster answers, brokers: 2"));
  EXPECT_THAT(text, HasSubstr("ok       sink one: there is topic events, partitions: 3"));
  EXPECT_THAT(Reported(SetUpKafkaSink), HasSubstr("there is topic events, partitions: 3"));
  EXPECT_EQ(broken_, 0U);
}

TEST_F(CheckKafkaSinkTest, AMissingTopicIsBrokenUnlessTheSinkCreatesIt) {
  mock_.SetTopicError("events", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  EXPECT_THAT(Reported(CheckKafkaSink), HasSubstr("topic events is missing, and will be made"));
  EXPECT_EQ(broken_, 0U);
  options_.create_topics = false;
  EXPECT_THAT(Reported(CheckKafkaSink), HasSubstr("FAILED   sink one: topic events is missing"));
  EXPECT_EQ(broken_, 1U);
}

TEST_F(CheckKafkaSinkTest, ARightThatIsMissingIsReported) {
  mock_.SetTopicError("events", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  EXPECT_THAT(Reported(CheckKafkaSink), HasSubstr("grant its user Write and Describe"));
  EXPECT_EQ(broken_, 1U);
}

TEST_F(CheckKafkaSinkTest, TopicsOfAPatternComeWithTheirEvents) {
  options_.topic = "s-{appName}";
  EXPECT_THAT(Reported(CheckKafkaSink), Not(HasSubstr("topic s-")));
  EXPECT_THAT(Reported(SetUpKafkaSink),
              HasSubstr("topics of s-{appName} are made when their first event comes"));
}

}  // namespace
}  // namespace sparktail
