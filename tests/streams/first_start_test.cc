#include "ingest/streams/first_start.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "tests/support/memory_cursor_store.h"
#include "tests/support/recording_log.h"

namespace sparktail {
namespace {

using testing::MemoryCursorStore;
using testing::RecordingLog;
using Began = std::optional<absl::Time>;

const absl::Time kNow = absl::FromUnixSeconds(1'795'276'340);

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
