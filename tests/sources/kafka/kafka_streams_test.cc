#include "ingest/sources/kafka/kafka_streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/support/corpus.h"
#include "tests/support/kafka_life.h"
#include "tests/support/spark_log.h"
#include "tests/support/stream_keys.h"
#include "tests/support/wrap.h"

namespace sparktail {
namespace {

using testing::Cursors;
using testing::CursorsOf;
using testing::kZero;
using testing::Messages;
using testing::NoiseLine;
using testing::OffsetIn;
using testing::ProgressRecord;
using testing::Records;
using testing::Seed;
using testing::SinkWorld;
using testing::ValuesOf;
using Life = testing::KafkaLife;
using ::testing::IsEmpty;

// Cursors of a sink that others move too.
class FakeSharedCursors : public SharedCursors {
 public:
  absl::Status Begin() override {
    ++begun;
    return begin;
  }
  absl::StatusOr<bool> ReadOn() override { return is_read; }
  std::vector<StreamCursor> cursors() const override { return stored; }

  absl::Status begin;
  bool is_read = true;
  int begun = 0;
  std::vector<StreamCursor> stored;
};

class KafkaStreamsTest : public ::testing::Test {
 protected:
  std::mt19937_64 random_{Seed()};
};

TEST_F(KafkaStreamsTest, TheGroupsOffsetStaysBeforeWhatIsOpen) {
  Life life;
  life.Begin();
  const std::string record = ProgressRecord(7);
  life.Take(0, {"a", NoiseLine(0)});
  life.Take(1, {"b", record.substr(0, 300)});
  life.Take(2, {"a", ProgressRecord(1)});
  life.streams->EndTurn();
  life.Start();
  ASSERT_TRUE(life.Delivers());
  life.streams->Tick();
  EXPECT_EQ(life.streams->OffsetToCommit(kZero), 1);
  EXPECT_EQ(life.streams->OffsetToCommit(kZero), std::nullopt) << "it is no news any more";
  life.Take(3, {"b", record.substr(300)});
  life.streams->EndTurn();
  ASSERT_TRUE(life.Delivers());
  life.streams->Tick();
  EXPECT_EQ(life.streams->OffsetToCommit(kZero), 4);
  EXPECT_EQ(life.Finish().documents().size(), 2U);
}

TEST_F(KafkaStreamsTest, TheSlowestSinkHoldsTheGroupsOffset) {
  Life life(Cursors(2));
  life.worlds[1]->Close();
  life.Begin();
  life.Take(0, {"a", ProgressRecord(1)});
  life.streams->EndTurn();
  life.Start();
  ASSERT_TRUE(testing::Eventually([&] { return !life.worlds[0]->commits().empty(); }));
  life.streams->Tick();
  EXPECT_EQ(life.streams->OffsetToCommit(kZero), std::nullopt);
  life.streams->Leave(kZero);
  EXPECT_FALSE(life.streams->HasLeft(kZero));
  life.worlds[1]->Open();
  ASSERT_TRUE(life.Delivers());
  EXPECT_TRUE(life.streams->HasLeft(kZero));
  EXPECT_EQ(life.streams->OffsetToCommit(kZero), 1);
  life.streams->Drop(kZero);
  EXPECT_THAT(life.streams->Streams(), IsEmpty());
  life.Finish();
}

TEST_F(KafkaStreamsTest, ANewSinkBeginsWhereTheGroupStands) {
  Messages messages;
  for (size_t n = 0; n < 10; ++n) messages.push_back({"a", NoiseLine() + ProgressRecord(n)});
  Life first;
  first.Begin();
  first.TakeAll({messages.begin(), messages.begin() + 4}, 0, &random_);
  std::map<StreamKey, StreamCursor> cursors = CursorsOf(first.Finish().commits());
  ASSERT_EQ(OffsetIn(cursors), 4);
  Life life(Cursors{ValuesOf(cursors), {}});
  life.Begin(4);
  life.TakeAll(messages, 4, &random_);
  life.Finish();
  EXPECT_EQ(life.worlds[0]->documents().size(), 6U);
  EXPECT_EQ(life.worlds[1]->documents(), life.worlds[0]->documents());
}

// The first sink had committed, the second had not, and so the group had not either.
TEST_F(KafkaStreamsTest, ASinkThatIsBehindGetsWhatItLacks) {
  Messages messages;
  for (size_t n = 0; n < 10; ++n) messages.push_back({"a", NoiseLine() + ProgressRecord(n)});
  Life first;
  first.Begin();
  first.TakeAll({messages.begin(), messages.begin() + 4}, 0, &random_);
  std::map<StreamKey, StreamCursor> cursors = CursorsOf(first.Finish().commits());
  Life life(Cursors{ValuesOf(cursors), {}});
  life.Begin(std::nullopt);
  life.TakeAll(messages, 0, &random_);
  life.Finish();
  EXPECT_EQ(life.worlds[0]->documents().size(), 6U);
  EXPECT_EQ(life.worlds[1]->documents().size(), 10U);
}

// The same, where the first sink's transaction has committed the group's offset: where it began,
// for the second one has nothing.
TEST_F(KafkaStreamsTest, ASinkThatHasNothingYetIsNotTakenForANewOne) {
  constexpr int64_t kFirst = 100;
  Life first(Cursors(2));
  first.Begin();
  for (size_t n = 0; n < 4; ++n) {
    first.Take(kFirst + static_cast<int64_t>(n), {"a", ProgressRecord(n)});
  }
  first.streams->EndTurn();
  std::map<StreamKey, StreamCursor> cursors = CursorsOf(first.Finish().commits());
  const auto group = first.share->OffsetsOf(0, ValuesOf(cursors), [] {});
  ASSERT_TRUE(group.ok());
  ASSERT_EQ(group->at(kZero), kFirst);
  // Twice, for it may be killed again before the second one has anything.
  for (int lives = 0; lives < 2; ++lives) {
    Life life(Cursors{ValuesOf(cursors), {}});
    life.Begin(kFirst);
    for (size_t n = 0; n < 6; ++n) {
      life.Take(kFirst + static_cast<int64_t>(n), {"a", ProgressRecord(n)});
    }
    life.streams->EndTurn();
    life.Finish();
    EXPECT_EQ(life.worlds[0]->documents().size(), lives == 0 ? 2U : 0U);
    EXPECT_EQ(life.worlds[1]->documents().size(), 6U);
    for (const SinkWorld::Commit& commit : life.worlds[0]->commits()) {
      for (const StreamCursor& cursor : commit.cursors) cursors[cursor.stream] = cursor;
    }
  }
}

TEST_F(KafkaStreamsTest, SharedCursorsAreReadBeforeAPartitionBegins) {
  Life first;
  first.Begin();
  first.Take(0, {"a", Records(0, 2)});
  first.streams->EndTurn();
  FakeSharedCursors shared;
  for (const SinkWorld::Commit& commit : first.Finish().commits()) {
    for (const StreamCursor& cursor : commit.cursors) shared.stored.push_back(cursor);
  }
  Life life(Cursors(1), {}, {&shared});
  shared.begin = absl::UnavailableError("away");
  life.streams->OnAssigned(kZero);
  EXPECT_FALSE(life.streams->IsReady(kZero));
  EXPECT_TRUE(life.log.Has("waits for the cursors of sink out0: away"));
  shared.begin = absl::OkStatus();
  EXPECT_FALSE(life.streams->IsReady(kZero)) << "it does not ask without a pause";
  EXPECT_EQ(shared.begun, 1);
  life.os.Advance(absl::Seconds(2));
  shared.is_read = false;
  EXPECT_FALSE(life.streams->IsReady(kZero));
  EXPECT_FALSE(life.streams->IsReady(kZero));
  EXPECT_EQ(shared.begun, 2);
  shared.is_read = true;
  EXPECT_TRUE(life.streams->IsReady(kZero));
  life.streams->Begin(kZero, 0);
  life.Take(0, {"a", Records(0, 2)});
  life.Take(1, {"a", Records(2, 3)});
  life.streams->EndTurn();
  EXPECT_THAT(life.Finish().documents(), ::testing::SizeIs(1));
}

TEST_F(KafkaStreamsTest, WhatIsLostIsNotDeliveredAndComesBackOnlyWhenNothingHoldsIt) {
  Life life;
  life.Begin();
  life.Take(0, {"a", Records(0, 1)});
  life.streams->EndTurn();
  life.streams->OnLost(kZero);
  life.streams->OnAssigned(kZero);
  EXPECT_FALSE(life.streams->IsReady(kZero)) << "the sink has a batch of it still";
  life.Start();
  ASSERT_TRUE(life.Delivers());
  EXPECT_TRUE(life.streams->IsReady(kZero));
  life.streams->Begin(kZero, 0);
  life.Take(0, {"a", Records(0, 1)});
  life.streams->EndTurn();
  EXPECT_THAT(life.Finish().documents(), ::testing::SizeIs(1));
}

TEST_F(KafkaStreamsTest, StartAtPassesOverOldEventsOfANewGroupOnly) {
  KafkaSourceOptions options;
  options.start_at = {StartAt::Kind::kAge, absl::Hours(1)};
  for (const bool is_new : {true, false}) {
    Life life(Cursors(1), options);
    life.Begin(is_new ? std::nullopt : std::optional<int64_t>(0));
    life.Take(0, {"a", Records(0, 2)});
    life.streams->EndTurn();
    life.streams->HandOnAll();
    EXPECT_EQ(life.Finish().documents().size(), is_new ? 0U : 2U);
  }
}

TEST_F(KafkaStreamsTest, ANewGroupThatStartsAtTheEndSaysSoAtOnce) {
  Life life;
  life.Begin();
  life.streams->OnEndReached(kZero, 42);
  life.streams->EndTurn();
  life.Start();
  ASSERT_TRUE(life.Delivers());
  life.streams->Tick();
  EXPECT_EQ(life.streams->OffsetToCommit(kZero), 42);
  life.Finish();
}

TEST_F(KafkaStreamsTest, NothingComesFromWhatLeaves) {
  Life life;
  life.Begin();
  life.streams->Leave(kZero);
  life.Take(0, {"a", Records(0, 1)});
  life.streams->OnEndReached(kZero, 1);
  life.streams->EndTurn();
  EXPECT_TRUE(life.streams->HasLeft(kZero));
  EXPECT_THAT(life.Finish().documents(), IsEmpty());
}

}  // namespace
}  // namespace sparktail
