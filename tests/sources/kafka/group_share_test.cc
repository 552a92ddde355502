#include "ingest/sources/kafka/group_share.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "ingest/sources/kafka/kafka_position.h"
#include "tests/support/stream_keys.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const KafkaPartition kZero = {"raw", 0};
const KafkaPartition kOne = {"raw", 1};

StreamCursor CursorOf(const KafkaPartition& partition, int64_t offset) {
  KafkaPosition position;
  position.group = "g";
  position.partition = partition;
  position.offset = offset;
  StreamCursor cursor;
  cursor.stream = KafkaStreamKey("src", partition);
  cursor.cursor.order = static_cast<uint64_t>(offset);
  cursor.cursor.position = position.ToJson();
  return cursor;
}

StreamCursor CursorOfKey(const KafkaPartition& partition) {
  StreamCursor cursor = CursorOf(partition, 5);
  cursor.stream = KafkaStreamKey("src", partition, "key", "");
  return cursor;
}

TEST(GroupShareTest, GivesTheOffsetsThatGoWithCursors) {
  GroupShare share("src", 1);
  share.Hold(kZero, 0);
  share.Hold(kOne, 0);
  const std::vector<StreamCursor> cursors = {CursorOfKey(kZero), CursorOf(kZero, 7),
                                             CursorOf(kOne, 9)};
  bool called = false;
  const auto offsets = share.OffsetsOf(0, cursors, [&] { called = true; });
  ASSERT_TRUE(offsets.ok()) << offsets.status();
  EXPECT_THAT(*offsets, ElementsAre(Pair(kZero, 7), Pair(kOne, 9)));
  EXPECT_TRUE(called);
}

TEST(GroupShareTest, NoOffsetExceedsThoseOfTheOtherSinks) {
  GroupShare share("src", 3);
  share.Hold(kZero, 3);
  share.Delivered(1, kZero, 6);
  const std::vector<StreamCursor> cursors = {CursorOf(kZero, 7)};
  EXPECT_THAT(*share.OffsetsOf(0, cursors, [] {}), ElementsAre(Pair(kZero, 3)));
  share.Delivered(2, kZero, 8);
  EXPECT_THAT(*share.OffsetsOf(0, cursors, [] {}), ElementsAre(Pair(kZero, 6)));
  EXPECT_THAT(*share.OffsetsOf(1, cursors, [] {}), ElementsAre(Pair(kZero, 3)));
}

TEST(GroupShareTest, OffsetsOfARevokedPartitionMustNotBeCommitted) {
  GroupShare share("src", 1);
  share.Hold(kZero, 0);
  share.Hold(kOne, 0);
  share.Release(kOne);
  for (const StreamCursor& cursor : {CursorOf(kOne, 9), CursorOfKey(kOne)}) {
    const std::vector<StreamCursor> cursors = {CursorOf(kZero, 7), cursor};
    EXPECT_TRUE(absl::IsUnavailable(share.OffsetsOf(0, cursors, [] {}).status()));
  }
}

TEST(GroupShareTest, CursorsOfOtherSourcesAreSkipped) {
  GroupShare share("src", 1);
  StreamCursor cursor = CursorOf(kZero, 7);
  cursor.stream = StreamKey("src2", "raw/0");
  const std::vector<StreamCursor> cursors = {cursor};
  EXPECT_THAT(*share.OffsetsOf(0, cursors, [] {}), IsEmpty());
}

}  // namespace
}  // namespace sparktail
