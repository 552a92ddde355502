#include "ingest/delivery/cursor_mirror.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/faulty_os.h"
#include "tests/support/memory_cursor_store.h"
#include "tests/support/recording_log.h"
#include "tests/support/stream_keys.h"

namespace sparktail {
namespace {

class CursorMirrorTest : public ::testing::Test {
 protected:
  CursorMirrorTest() { os_.SetNow(absl::FromUnixSeconds(1000)); }

  void Move(std::string_view stream, uint64_t offset) {
    Cursor cursor;
    cursor.order = offset;
    cursor.context = std::make_shared<const std::string>("{}");
    mirror_.Add({{StreamKey(stream), std::make_shared<const Cursor>(std::move(cursor))}});
  }
  uint64_t CopiedOf(std::string_view stream) {
    const std::vector<StreamCursor> cursors = store_.Load("out").value();
    for (const StreamCursor& copied : cursors) {
      if (copied.stream == stream) return copied.cursor.order;
    }
    return 0;
  }

  testing::FaultyOs os_;
  testing::RecordingLog log_;
  testing::MemoryCursorStore store_;
  CursorMirror mirror_{&os_, &log_, &store_, "out"};
};

TEST_F(CursorMirrorTest, KeepsOneCursorOfEachStream) {
  for (uint64_t n = 1; n <= 1000; ++n) {
    Move("a", n);
    Move("b", 2 * n);
  }
  EXPECT_EQ(mirror_.waiting(), 2U);
  mirror_.CopyIfDue();
  EXPECT_EQ(mirror_.waiting(), 0U);
  EXPECT_EQ(CopiedOf("a"), 1000U);
  EXPECT_EQ(CopiedOf("b"), 2000U);
}

TEST_F(CursorMirrorTest, CopiesAtMostOncePerInterval) {
  EXPECT_EQ(mirror_.due(), absl::InfiniteFuture());
  Move("a", 1);
  EXPECT_LE(mirror_.due(), os_.Now());
  mirror_.CopyIfDue();
  Move("a", 2);
  EXPECT_EQ(mirror_.due(), os_.Now() + CursorMirror::kInterval);
  mirror_.CopyIfDue();
  EXPECT_EQ(CopiedOf("a"), 1U);
  os_.Advance(CursorMirror::kInterval);
  mirror_.CopyIfDue();
  EXPECT_EQ(CopiedOf("a"), 2U);
  Move("a", 3);
  mirror_.Copy();
  EXPECT_EQ(CopiedOf("a"), 3U);
}

TEST_F(CursorMirrorTest, RetriesAtTheNextCopyWhatFailed) {
  store_.Fail({.from_then_on = true});
  Move("a", 1);
  mirror_.CopyIfDue();
  EXPECT_TRUE(log_.Has("cannot copy the cursors of sink out"));
  EXPECT_EQ(mirror_.waiting(), 1U);
  store_.Heal();
  Move("b", 5);
  os_.Advance(CursorMirror::kInterval);
  mirror_.CopyIfDue();
  EXPECT_EQ(CopiedOf("a"), 1U);
  EXPECT_EQ(CopiedOf("b"), 5U);
}

TEST_F(CursorMirrorTest, WithoutAStoreNothingWaits) {
  CursorMirror none(&os_, &log_, nullptr, "out");
  none.Add({{StreamKey("a"), std::make_shared<const Cursor>()}});
  EXPECT_EQ(none.waiting(), 0U);
  none.Copy();
}

}  // namespace
}  // namespace sparktail
