#include "ingest/sources/kafka/check_kafka_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/kafka_mock.h"
#include "tests/support/of_kind.h"
#include "tests/support/recording_log.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;

class CheckKafkaSourceTest : public ::testing::Test {
 protected:
  std::string Checked(std::vector<std::string> topics) {
    KafkaSourceOptions options;
    options.client = mock_.Options();
    options.topics = std::move(topics);
    SourceConfiguration source;
    source.name = "raw";
    testing::SetOptions(options, &source);
    CheckReport report;
    CheckKafkaSource(source, {nullptr, &log_}, &report);
    broken_ = report.broken();
    return report.Text();
  }

  testing::KafkaMock mock_;
  testing::RecordingLog log_;
  size_t broken_ = 0;
};

TEST_F(CheckKafkaSourceTest, SaysWhichTopicsAreThere) {
  mock_.MakeTopic("raw-logs", 3);
  const std::string text = Checked({"raw-logs", "regex:^logs-.*"});
  EXPECT_THAT(text, HasSubstr("there is topic raw-logs, partitions: 3"));
  EXPECT_THAT(text, HasSubstr("regex:^logs-.*"));
  EXPECT_EQ(broken_, 0U);
}

TEST_F(CheckKafkaSourceTest, AMissingTopicIsADoubt) {
  mock_.SetTopicError("raw-logs", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  EXPECT_THAT(Checked({"raw-logs"}), HasSubstr("topic raw-logs is missing"));
  EXPECT_EQ(broken_, 0U);
}

TEST_F(CheckKafkaSourceTest, BrokersThatAreAwayAreNot) {
  mock_.Down();
  Checked({"raw-logs"});
  EXPECT_EQ(broken_, 1U);
}

}  // namespace
}  // namespace sparktail
