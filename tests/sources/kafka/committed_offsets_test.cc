#include "ingest/sources/kafka/committed_offsets.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/support/eventually.h"
#include "tests/support/kafka_mock.h"

namespace sparktail {
namespace {

using testing::Eventually;
using testing::KafkaMock;

class CommittedOffsetsTest : public ::testing::Test {
 protected:
  CommittedOffsetsTest() {
    mock_.MakeTopic("raw", 2);
    for (int32_t i = 0; i < 2; ++i) rd_kafka_topic_partition_list_add(raw_.get(), "raw", i);
  }
  ~CommittedOffsetsTest() override { ::close(wake_fd_); }

  void Commit(int32_t partition, int64_t offset) {
    const KafkaPartitions list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), "raw", partition)->offset = offset;
    EXPECT_EQ(rd_kafka_commit(client_.get(), list.get(), /*async=*/0), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  CommittedOffsets::Answer Ask(bool is_wanted = true) {
    offsets_.Request(*raw_);
    std::optional<CommittedOffsets::Answer> answer;
    EXPECT_TRUE(Eventually([&] {
      answer = offsets_.Take(is_wanted ? raw_.get() : nullptr);
      return answer.has_value();
    }));
    return answer.value_or(CommittedOffsets::Answer());
  }

  KafkaMock mock_;
  const int wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  const KafkaMock::Client client_ = mock_.MakeConsumer("g");
  CommittedOffsets offsets_{client_.get(), "g", wake_fd_};
  const KafkaPartitions raw_{rd_kafka_topic_partition_list_new(2)};
};

TEST_F(CommittedOffsetsTest, AreThoseOfTheGroup) {
  EXPECT_FALSE(offsets_.Take(raw_.get())) << "nobody has asked";
  Commit(1, 42);
  const CommittedOffsets::Answer answer = Ask();
  EXPECT_TRUE(answer.is_whole) << answer.error << answer.detail;
  EXPECT_LT(raw_->elems[0].offset, 0) << "nothing is committed";
  EXPECT_EQ(raw_->elems[1].offset, 42);
  uint64_t count = 0;
  EXPECT_EQ(::read(wake_fd_, &count, sizeof(count)), static_cast<ssize_t>(sizeof(count)));
}

TEST_F(CommittedOffsetsTest, AnErrorIsAnAnswer) {
  Ask();  // it knows the coordinator then
  mock_.Answer(KafkaMock::kOffsetFetch, {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED});
  const CommittedOffsets::Answer answer = Ask();
  EXPECT_FALSE(answer.is_whole);
  EXPECT_EQ(answer.error, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
  EXPECT_TRUE(Ask().is_whole) << "it may be asked again";
}

TEST_F(CommittedOffsetsTest, AnAnswerToAnEarlierRequestIsDropped) {
  constexpr int kCoordinator = 1;
  mock_.SetGroupCoordinator("g", kCoordinator);
  mock_.Answer(KafkaMock::kOffsetFetch, {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED},
               kCoordinator);
  offsets_.Request(*raw_);
  ASSERT_TRUE(Eventually([&] { return mock_.Left(KafkaMock::kOffsetFetch, kCoordinator) == 0; }));
  EXPECT_TRUE(Ask().is_whole);
}

TEST_F(CommittedOffsetsTest, AnAnswerForWhichNobodyWaitsChangesNothing) {
  Commit(0, 42);
  EXPECT_FALSE(Ask(/*is_wanted=*/false).is_whole);
  EXPECT_EQ(raw_->elems[0].offset, RD_KAFKA_OFFSET_INVALID);
}

}  // namespace
}  // namespace sparktail
