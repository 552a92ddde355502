#include "ingest/sources/kafka/offset_commits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/kafka_mock.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using testing::Eventually;
using ::testing::IsEmpty;
using testing::KafkaMock;

const KafkaPartition kZero = {"raw", 0};
const KafkaPartition kOne = {"raw", 1};
const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

class OffsetCommitsTest : public ::testing::Test {
 protected:
  OffsetCommitsTest() { mock_.MakeTopic("raw", 2); }

  bool IsAnswered() {
    return Eventually([&] {
      const KafkaMessage message(rd_kafka_consumer_poll(client_.get(), 10));
      return !commits_.is_sending();
    });
  }
  // Returns the offset that the group has committed in a partition.
  int64_t Committed(const KafkaPartition& partition) {
    const KafkaPartitions list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.number);
    EXPECT_EQ(rd_kafka_committed(client_.get(), list.get(), 30'000), RD_KAFKA_RESP_ERR_NO_ERROR);
    return list->elems[0].offset;
  }

  KafkaMock mock_;
  const KafkaMock::Client client_ = mock_.MakeConsumer("g");
  const KafkaQueue queue_{rd_kafka_queue_get_consumer(client_.get())};
  std::vector<rd_kafka_resp_err_t> failures_;
  OffsetCommits commits_{client_.get(), queue_.get(),
                         [this](rd_kafka_resp_err_t code) { failures_.push_back(code); }};
};

TEST_F(OffsetCommitsTest, CommitsWhatIsSet) {
  commits_.Send(kNow);
  EXPECT_FALSE(commits_.is_sending()) << "there is nothing to send";
  commits_.Set(kZero, 5);
  commits_.Set(kOne, 7);
  commits_.Set(kZero, 6);
  EXPECT_FALSE(commits_.IsDone(kZero));
  commits_.Send(kNow);
  EXPECT_TRUE(commits_.is_sending());
  EXPECT_FALSE(commits_.IsDone(kZero));
  ASSERT_TRUE(IsAnswered());
  EXPECT_TRUE(commits_.IsDone(kZero));
  EXPECT_TRUE(commits_.IsDone(kOne));
  EXPECT_EQ(Committed(kZero), 6);
  EXPECT_EQ(Committed(kOne), 7);
  EXPECT_THAT(failures_, IsEmpty());
}

TEST_F(OffsetCommitsTest, SendsOneRequestAtATimeAndNotTooMany) {
  commits_.Set(kZero, 5);
  commits_.Send(kNow);
  commits_.Hurry();
  EXPECT_FALSE(commits_.IsDue(kNow)) << "one is on its way";
  ASSERT_TRUE(IsAnswered());
  commits_.Set(kZero, 6);
  commits_.Send(kNow);
  ASSERT_TRUE(IsAnswered());
  EXPECT_FALSE(commits_.IsDue(kNow));
  EXPECT_TRUE(commits_.IsDue(kNow + absl::Seconds(1)));
  commits_.Hurry();
  EXPECT_TRUE(commits_.IsDue(kNow));
}

TEST_F(OffsetCommitsTest, WhatFailsIsSentAgain) {
  mock_.Answer(KafkaMock::kOffsetCommit, {RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE});
  commits_.Set(kZero, 5);
  commits_.Set(kOne, 7);
  commits_.Send(kNow);
  commits_.Set(kOne, 8);
  ASSERT_TRUE(IsAnswered());
  EXPECT_THAT(failures_, ElementsAre(RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE));
  EXPECT_FALSE(commits_.IsDone(kZero));
  commits_.Send(kNow + absl::Seconds(1));
  ASSERT_TRUE(IsAnswered());
  EXPECT_EQ(Committed(kZero), 5);
  EXPECT_EQ(Committed(kOne), 8) << "the newer one";
}

// The response to a request of which all is forgotten must not be taken for that to the next one.
TEST_F(OffsetCommitsTest, ARequestIsInFlightUntilItsResponse) {
  mock_.Answer(KafkaMock::kOffsetCommit, {RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE});
  commits_.Set(kZero, 5);
  commits_.Send(kNow);
  commits_.Forget(kZero);
  commits_.Set(kOne, 7);
  commits_.Hurry();
  commits_.Send(kNow);
  EXPECT_FALSE(commits_.IsDone(kOne)) << "it waits";
  ASSERT_TRUE(IsAnswered());
  commits_.Hurry();
  commits_.Send(kNow);
  ASSERT_TRUE(IsAnswered());
  EXPECT_TRUE(commits_.IsDone(kOne));
  EXPECT_EQ(Committed(kOne), 7);
}

TEST_F(OffsetCommitsTest, WhatIsForgottenIsNotSentAgain) {
  mock_.Answer(KafkaMock::kOffsetCommit, {RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE});
  commits_.Set(kZero, 5);
  commits_.Send(kNow);
  commits_.Forget(kZero);
  EXPECT_TRUE(commits_.IsDone(kZero));
  ASSERT_TRUE(Eventually([&] {
    const KafkaMessage message(rd_kafka_consumer_poll(client_.get(), 10));
    return !failures_.empty();
  }));
  commits_.Send(kNow + absl::Seconds(1));
  EXPECT_FALSE(commits_.is_sending());
}

}  // namespace
}  // namespace sparktail
