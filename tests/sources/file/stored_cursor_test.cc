#include "ingest/sources/file/stored_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "ingest/sources/file/file_position.h"
#include "tests/support/faulty_os.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;

class StoredCursorTest : public ::testing::Test {
 protected:
  StoredCursorTest() {
    testing::WriteBytes(path_, text_);
    const absl::StatusOr<Os::FileInfo> file = os_.StatPath(path_, /*follow_links=*/true);
    position_.file.name = path_ + "#0123456789abcdef";
    position_.file.path = path_;
    position_.file.device = file->device;
    position_.file.inode = file->inode;
    position_.file.size = text_.size();
    position_.place.raw = 6;
    position_.file.prefix = Fingerprint::Of(text_);
    position_.place.marker = Fingerprint::Of(text_.substr(0, position_.place.raw));
  }
  PositionSummary Summary() { return SummarizeFilePosition(position_.ToJson(), &os_); }

  testing::TempDir folder_;
  testing::FaultyOs os_;
  const std::string path_ = folder_ / "driver.log";
  const std::string text_ = "hello\nworld\n";
  FilePosition position_;
};

TEST_F(StoredCursorTest, TheLagIsWhatFollowsThePosition) {
  EXPECT_EQ(Summary().lag_bytes, 6U);
  EXPECT_EQ(Summary().path, path_);
  EXPECT_EQ(Summary().seek, std::nullopt);
}

TEST_F(StoredCursorTest, TheLagInAnotherFileIsNotKnown) {
  testing::WriteBytes(path_, "Hello\nworld\n");
  EXPECT_EQ(Summary().lag_bytes, std::nullopt);
  position_.file.path = folder_ / "none";
  EXPECT_EQ(Summary().lag_bytes, std::nullopt);
  EXPECT_TRUE(SummarizeFilePosition("no JSON", &os_).path.empty());
}

TEST_F(StoredCursorTest, AMovedCursorSeeksItsOffset) {
  position_.place.from = 3;
  Cursor cursor;
  cursor.position = position_.ToJson();
  ASSERT_TRUE(MoveFileCursor(9, &os_, &cursor).ok());
  const PositionSummary summary = SummarizeFilePosition(cursor.position, &os_);
  EXPECT_EQ(summary.seek, 9U);
  EXPECT_EQ(summary.lag_bytes, std::nullopt);
  EXPECT_EQ(FilePosition::FromJson(cursor.position)->place.from, 0U);
}

TEST_F(StoredCursorTest, ACursorDoesNotMoveBehindItsFile) {
  Cursor cursor;
  cursor.position = position_.ToJson();
  const absl::Status status = MoveFileCursor(13, &os_, &cursor);
  EXPECT_TRUE(absl::IsOutOfRange(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("has no byte 13, only 12"));
  cursor.position = "{}";
  EXPECT_TRUE(absl::IsFailedPrecondition(MoveFileCursor(0, &os_, &cursor)));
}

}  // namespace
}  // namespace sparktail
