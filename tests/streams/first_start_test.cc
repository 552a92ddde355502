#include "ingest/streams/first_start.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/support/memory_cursor_store.h"
#include "tests/support/recording_log.h"

namespace sparktail {
namespace {

using testing::MemoryCursorStore;
using testing::RecordingLog;
using Began = std::optional<absl::Time>;

const absl::Time kNow = absl::FromUnixSeconds(1'795'276'340);

// An output that has been given some batches, and knows some streams.
class FakeOutput : public Output {
 public:
  bool HasRoom() const override { return true; }
  void Emit(std::span<const std::shared_ptr<const Batch>>) override {}
  std::vector<uint64_t> Given() const override { return {given}; }
  bool HaveDelivered(const std::vector<uint64_t>& wanted) const override {
    return delivered >= wanted.at(0);
  }
  const Cursor* StartOf(const StreamKey&) const override { return nullptr; }
  const Cursor* NewestOf(const StreamKey&) const override { return nullptr; }
  std::vector<StreamKey> Streams() const override { return streams; }
  void StartNewSinksAtOthers() override { ++started_at_others; }
  size_t sinks() const override { return 1; }
  const std::string& SinkName(size_t) const override { return name; }
  void Learn(size_t, Concerns, std::vector<StreamCursor>) override {}
  void StartAtOthers(size_t, Concerns) override {}
  void Forget(const StreamKey&) override {}
  void WatchCommits(const std::string&, const std::function<void()>&) override {}
  void TakeCommitted() override {}
  std::shared_ptr<const Cursor> CommittedOf(size_t, const StreamKey&) const override {
    return nullptr;
  }

  uint64_t given = 0;
  uint64_t delivered = 0;
  std::vector<StreamKey> streams;
  int started_at_others = 0;
  std::string name = "out";
};

class FirstStartTest : public ::testing::Test {
 protected:
  FirstStart Make(const std::string& source = "logs") { return FirstStart(&store_, &log_, source); }
  Began Begin(absl::Time now, bool is_known = false, const std::string& source = "logs") {
    const absl::StatusOr<Began> began = Make(source).Begin(now, is_known);
    EXPECT_TRUE(began.ok()) << began.status();
    return began.value_or(std::nullopt);
  }

  MemoryCursorStore store_;
  RecordingLog log_;
};

TEST_F(FirstStartTest, ThereIsOne) {
  EXPECT_EQ(Begin(kNow), Began(kNow));
  EXPECT_TRUE(Make().End());
  EXPECT_EQ(Begin(kNow + absl::Hours(1)), std::nullopt);
  EXPECT_EQ(Begin(kNow, /*is_known=*/false, "others"), Began(kNow)) << "each source has its own";
}

TEST_F(FirstStartTest, IsOverOnceTheSinksHaveWhatItFound) {
  FakeOutput output;
  output.given = 7;
  FirstStart start = Make();
  EXPECT_FALSE(start.is_running());
  ASSERT_EQ(start.Begin(kNow, &output).value(), Began(kNow));
  EXPECT_TRUE(start.is_running());
  bool has_read_all = false;
  const auto look = [&] { return start.Look(kNow, output, [&] { return has_read_all; }); };
  look();
  output.delivered = 7;
  look();
  EXPECT_TRUE(start.is_running()) << "not everything is read";
  has_read_all = true;
  output.given = 9;
  EXPECT_EQ(look(), kNow + absl::Seconds(1));
  EXPECT_TRUE(start.is_running()) << "not everything is delivered";
  output.given = 20;
  output.delivered = 9;
  EXPECT_EQ(look(), absl::InfiniteFuture());
  EXPECT_FALSE(start.is_running()) << "what was given later does not count";
  EXPECT_EQ(output.started_at_others, 0) << "no sink is new";
  EXPECT_EQ(Begin(kNow), std::nullopt);
}

TEST_F(FirstStartTest, ASinkThatIsNewLaterStartsAtOthers) {
  FakeOutput output;
  output.streams = {StreamKey("logs", "a")};
  FirstStart start = Make();
  EXPECT_EQ(start.Begin(kNow, &output).value(), std::nullopt) << "a sink knows the source";
  EXPECT_FALSE(start.is_running());
  EXPECT_EQ(output.started_at_others, 1);
}

TEST_F(FirstStartTest, GoesOnUntilItsEndIsStored) {
  FakeOutput output;
  FirstStart start = Make();
  ASSERT_EQ(start.Begin(kNow, &output).value(), Began(kNow));
  store_.Fail({.from_then_on = true});
  start.Look(kNow, output, [] { return true; });
  EXPECT_TRUE(start.is_running());
  store_.Heal();
  start.Look(kNow, output, [] { return true; });
  EXPECT_FALSE(start.is_running());
}

TEST_F(FirstStartTest, AKilledProcessLeavesItToTheNextOne) {
  EXPECT_EQ(Begin(kNow), Began(kNow));
  EXPECT_EQ(Begin(kNow + absl::Hours(1)), Began(kNow));
  EXPECT_EQ(Begin(kNow + absl::Hours(2), /*is_known=*/true), Began(kNow));
}

TEST_F(FirstStartTest, IsOverWhereASinkKnowsTheSourceThoughOffsetsAreLost) {
  EXPECT_EQ(Begin(kNow, /*is_known=*/true), std::nullopt);
  EXPECT_EQ(Begin(kNow), std::nullopt) << "and stays so";
}

TEST_F(FirstStartTest, ComesAgainWhenItIsForgotten) {
  Begin(kNow);
  Make().End();
  ASSERT_TRUE(FirstStart::Forget(&store_, "logs").ok());
  EXPECT_EQ(Begin(kNow + absl::Hours(1)), Began(kNow + absl::Hours(1)));
}

TEST_F(FirstStartTest, WhatCantBeStoredIsSaid) {
  store_.Fail({.from_then_on = true});
  EXPECT_EQ(Begin(kNow), Began(kNow));
  EXPECT_FALSE(Make().End());
  EXPECT_TRUE(log_.Has("offsets.db does not take that source logs has started"));
  store_.Heal();
  EXPECT_TRUE(Make().End());
}

TEST_F(FirstStartTest, WhatCantBeReadIsAnError) {
  store_.set_gate([] { return absl::DataLossError("damaged"); });
  EXPECT_TRUE(absl::IsDataLoss(Make().Begin(kNow, false).status()));
}

}  // namespace
}  // namespace sparktail
