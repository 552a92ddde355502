#include "ingest/sources/file/open_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/faulty_os.h"
#include "tests/support/other_process.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::FaultyOs;
using testing::OtherProcess;
using testing::TempDir;
using testing::WriteBytes;

class OpenFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteBytes(path_, "x");
    const absl::StatusOr<Os::FileInfo> info = os_.StatPath(path_, /*follow_links=*/false);
    ASSERT_TRUE(info.ok());
    device_ = info->device;
    inode_ = info->inode;
  }
  bool IsOpen() { return IsOpenElsewhere(&os_, device_, inode_); }

  TempDir dir_{TempDir::Place::kMemory};
  const std::string path_ = dir_ / "driver.log";
  FaultyOs os_;
  uint64_t device_ = 0;
  uint64_t inode_ = 0;
};

TEST_F(OpenFilesTest, AWriterIsFound) {
  EXPECT_FALSE(IsOpen());
  for (const int flags : {O_WRONLY, O_WRONLY | O_APPEND, O_RDWR | O_APPEND}) {
    const OtherProcess writer(path_, flags);
    EXPECT_TRUE(IsOpen()) << flags;
  }
  EXPECT_FALSE(IsOpen());
}

TEST_F(OpenFilesTest, AReaderDoesNotCount) {
  const OtherProcess reader(path_, O_RDONLY);
  EXPECT_FALSE(IsOpen());
  const OtherProcess writer(path_, O_WRONLY);
  EXPECT_TRUE(IsOpen());
}

TEST_F(OpenFilesTest, ADeletedOrRenamedFileIsStillFound) {
  const OtherProcess writer(path_, O_WRONLY);
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  EXPECT_TRUE(IsOpen());
}

TEST_F(OpenFilesTest, ThisProcessDoesNotCount) {
  const int fd = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  EXPECT_FALSE(IsOpen());
  ::close(fd);
}

TEST_F(OpenFilesTest, AnotherFileIsNotThisOne) {
  WriteBytes(dir_ / "other", "x");
  const OtherProcess writer(dir_ / "other", O_WRONLY);
  EXPECT_FALSE(IsOpen());
}

TEST_F(OpenFilesTest, UninspectableProcessesDoNotCountAndNothingStaysOpen) {
  const OtherProcess writer(path_, O_WRONLY);
  for (const FaultyOs::Call call : {FaultyOs::Call::kList, FaultyOs::Call::kStatPath,
                                    FaultyOs::Call::kOpen, FaultyOs::Call::kRead}) {
    os_.Fail({.from_then_on = true, .calls = {call}});
    EXPECT_FALSE(IsOpen());
    EXPECT_GE(os_.failed(), 1U);
  }
  EXPECT_EQ(os_.open_files(), 0U);
}

}  // namespace
}  // namespace sparktail
