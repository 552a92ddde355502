#include "ingest/sources/kafka/assigned_partitions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/kafka_mock.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using testing::KafkaMock;

const KafkaPartition kZero = {"raw", 0};
const KafkaPartition kOne = {"raw", 1};

class AssignedPartitionsTest : public ::testing::Test {
 protected:
  AssignedPartitionsTest() { mock_.MakeTopic("raw", 1); }
  rd_kafka_t* client() const { return client_.get(); }

  KafkaMock mock_;
  const KafkaMock::Client client_ = mock_.MakeConsumer("g");
  AssignedPartitions partitions_;
};

TEST_F(AssignedPartitionsTest, ComeAndGo) {
  partitions_.Add(kZero, std::nullopt);
  partitions_.Add(kOne, 5);
  EXPECT_THAT(partitions_.Names(), ElementsAre(kZero, kOne));
  EXPECT_THAT(NamesOf(*partitions_.List()), ElementsAre(kZero, kOne));
  partitions_.Remove(kZero);
  EXPECT_FALSE(partitions_.Contains(kZero));
  EXPECT_TRUE(partitions_.Contains(kOne));
  EXPECT_EQ(partitions_.size(), 1U);
}

TEST_F(AssignedPartitionsTest, AreAtTheirEndsWhenAllAreReadSoFar) {
  EXPECT_TRUE(partitions_.AtEnd()) << "there are none";
  partitions_.Add(kZero, std::nullopt);
  EXPECT_FALSE(partitions_.AtEnd());
  partitions_.OnEndReached(kZero, 0);
  EXPECT_TRUE(partitions_.AtEnd());
  mock_.Write("raw", "k", "one");
  mock_.Write("raw", "k", "two");
  partitions_.LookForEnds(client(), 30'000);
  EXPECT_FALSE(partitions_.AtEnd());
  EXPECT_EQ(partitions_.OnMessage(client(), kZero, 0), 0U);
  EXPECT_EQ(partitions_.OnMessage(client(), kZero, 1), 0U);
  EXPECT_FALSE(partitions_.AtEnd()) << "there may be more";
  partitions_.OnEndReached(kZero, 2);
  EXPECT_TRUE(partitions_.AtEnd());
}

// A client that has fetched nothing knows no bounds.
TEST_F(AssignedPartitionsTest, NothingIsLostOrLagsAsFarAsIsKnown) {
  partitions_.Add(kZero, 5);
  EXPECT_EQ(partitions_.CountLag(client()), 0U);
  EXPECT_EQ(partitions_.OnMessage(client(), kZero, 9), 0U);
  EXPECT_EQ(partitions_.CountLag(client()), 0U);
}

}  // namespace
}  // namespace sparktail
