#include "ingest/kafka/topic_admin.h"

#include <absl/time/clock.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "ingest/kafka/kafka_client.h"
#include "tests/support/kafka_mock.h"
#include "tests/support/recording_log.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;
using testing::KafkaMock;
using testing::RecordingLog;

constexpr absl::Duration kTime = absl::Milliseconds(500);

class TopicAdminTest : public ::testing::Test {
 protected:
  TopicAdminTest() {
    KafkaClient::Parts parts;
    parts.options = mock_.Options();
    parts.log = &log_;
    parts.name = "test";
    parts.role = KafkaRole::kReader;
    auto made = KafkaClient::Make(std::move(parts));
    EXPECT_TRUE(made.ok()) << made.status();
    client_ = *std::move(made);
  }

  RecordingLog log_;
  KafkaMock mock_;
  std::unique_ptr<KafkaClient> client_;
};

TEST_F(TopicAdminTest, CountsPartitions) {
  mock_.MakeTopic("three", 3);
  const absl::StatusOr<int> count = CountPartitions(client_->get(), "three", kTime);
  ASSERT_TRUE(count.ok()) << count.status();
  EXPECT_EQ(*count, 3);
}

TEST_F(TopicAdminTest, ErrorsOfATopic) {
  mock_.MakeTopic("t", 1);
  mock_.SetTopicError("t", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  EXPECT_TRUE(absl::IsNotFound(CountPartitions(client_->get(), "t", kTime).status()));
  mock_.SetTopicError("t", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  const absl::Status refused = CountPartitions(client_->get(), "t", kTime).status();
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("Write and Describe on the topic"));
  mock_.SetTopicError("t", RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_TRUE(CountPartitions(client_->get(), "t", kTime).ok());
}

TEST_F(TopicAdminTest, BrokersAreAway) {
  mock_.Down();
  const absl::Time began = absl::Now();
  const absl::Status status = CountPartitions(client_->get(), "t", kTime).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_LT(absl::Now() - began, kTime + absl::Seconds(10));
}

// The mock supports neither request: the error names the failed action, within the time-out.
TEST_F(TopicAdminTest, UnsupportedRequestsAreErrors) {
  mock_.MakeTopic("t", 1);
  ASSERT_TRUE(CountPartitions(client_->get(), "t", kTime).ok());
  const absl::Time began = absl::Now();
  NewTopic topic;
  topic.name = "made";
  const absl::Status created = CreateTopic(client_->get(), topic, kTime).status();
  EXPECT_FALSE(created.ok());
  EXPECT_THAT(std::string(created.message()), HasSubstr("create topic made"));
  const absl::Status described = DescribeTopic(client_->get(), "t", kTime).status();
  EXPECT_FALSE(described.ok());
  EXPECT_THAT(std::string(described.message()), HasSubstr("settings of topic t"));
  EXPECT_LT(absl::Now() - began, 2 * kTime + absl::Seconds(10));
}

TEST_F(TopicAdminTest, AWrongNameIsReported) {
  NewTopic topic;
  topic.name = "";
  EXPECT_FALSE(CreateTopic(client_->get(), topic, kTime).ok());
}

}  // namespace
}  // namespace sparktail
