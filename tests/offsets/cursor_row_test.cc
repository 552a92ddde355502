#include "offsets/cursor_row.h"

#include <gtest/gtest.h>

#include <set>

#include "offsets/offsets_file.h"
#include "tests/support/faulty_os.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

TEST(CursorRowTest, EveryPartIsInTheChecksum) {
  const CursorRow row = {"sink", "stream", 1, false, 2, "{}", HashOf("context")};
  std::set<int64_t> sums = {ChecksumOf(row)};
  const auto differs = [&](auto change) {
    CursorRow other = row;
    change(&other);
    return sums.insert(ChecksumOf(other)).second;
  };
  EXPECT_TRUE(differs([](CursorRow* one) { one->sink = "sinks"; }));
  EXPECT_TRUE(differs([](CursorRow* one) { one->stream = "tream"; }));
  EXPECT_TRUE(differs([](CursorRow* one) { one->offset = 3; }));
  EXPECT_TRUE(differs([](CursorRow* one) { one->ended = true; }));
  EXPECT_TRUE(differs([](CursorRow* one) { one->updated = 4; }));
  EXPECT_TRUE(differs([](CursorRow* one) { one->position = ""; }));
  EXPECT_TRUE(differs([](CursorRow* one) { one->context = HashOf("contexts"); }));
  EXPECT_NE(ChecksumOf("a", "state"), ChecksumOf("b", "state"));
}

TEST(CursorRowTest, RowsAreReadAndChecked) {
  const testing::TempDir folder;
  testing::FaultyOs os;
  testing::RecordingLog log;
  const std::string path = OffsetsPath(folder.path());
  {
    auto store = CursorStore::Open(&os, &log, folder.path(), CursorStore::Access::kOwn, false);
    ASSERT_TRUE(store.ok()) << store.status();
    StreamCursor cursor;
    cursor.stream = StreamKey("s", "one");
    cursor.cursor.order = 7;
    cursor.cursor.context = std::make_shared<const std::string>("{}");
    ASSERT_TRUE((*store)->Commit("file", {&cursor, 1}, "state").ok());
  }
  absl::StatusOr<Database> database = OpenOffsets(&os, &log, folder.path());
  ASSERT_TRUE(database.ok()) << database.status();
  const auto rows = ReadCursorRows(&*database, path, "file");
  ASSERT_TRUE(rows.ok() && rows->size() == 1) << rows.status();
  EXPECT_EQ(rows->front().cursor.cursor.order, 7U);
  EXPECT_TRUE(ReadCursorRows(&*database, path, "other")->empty());
  EXPECT_EQ(*ReadSinkState(&*database, path, "file"), "state");
  EXPECT_EQ(*ReadSinkState(&*database, path, "other"), "");
  EXPECT_TRUE(CheckRows(&*database, path).ok());
  ASSERT_TRUE(database->Execute("UPDATE sinks SET state = x'00'").ok());
  EXPECT_TRUE(absl::IsDataLoss(CheckRows(&*database, path)));
  EXPECT_TRUE(absl::IsDataLoss(ReadSinkState(&*database, path, "file").status()));
  ASSERT_TRUE(database->Execute("UPDATE cursors SET offset = 8").ok());
  EXPECT_TRUE(absl::IsDataLoss(ReadCursorRows(&*database, path, "").status()));
}

}  // namespace
}  // namespace sparktail
