#include "sinks/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/support/faulty_os.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::AllOf;
using testing::FaultyOs;
using ::testing::HasSubstr;
using Call = FaultyOs::Call;

class OutputFileTest : public ::testing::Test {
 protected:
  std::string MessageOf(const std::string& path) {
    return std::string(OpenAndLockOutputFile(&os_, path).status().message());
  }

  testing::TempDir folder_;
  FaultyOs os_;
};

TEST_F(OutputFileTest, IsCreatedForAppending) {
  const std::string path = folder_ / "out";
  const auto fd = OpenOutputFile(&os_, path);
  ASSERT_TRUE(fd.ok());
  ASSERT_TRUE(WriteAll(&os_, *fd, "text").ok());
  os_.Close(*fd);
  EXPECT_EQ(testing::BytesOf(path), "text");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640U);
}

TEST_F(OutputFileTest, IsLockedOnce) {
  const std::string path = folder_ / "out";
  const auto first = OpenAndLockOutputFile(&os_, path);
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(OpenAndLockOutputFile(&os_, path).status()));
  EXPECT_THAT(MessageOf(path), AllOf(HasSubstr(path), HasSubstr("another process")));
  os_.Close(*first);
  const auto second = OpenAndLockOutputFile(&os_, path);
  ASSERT_TRUE(second.ok());
  os_.Close(*second);
}

TEST_F(OutputFileTest, ErrorsSayWhatToDo) {
  EXPECT_THAT(MessageOf(folder_ / "a/b"), HasSubstr("mkdir -p " + (folder_ / "a")));
  EXPECT_THAT(MessageOf(folder_.path()), HasSubstr("Is a directory"));
  ASSERT_EQ(::symlink("out", (folder_ / "link").c_str()), 0);
  EXPECT_THAT(MessageOf(folder_ / "link"), HasSubstr("use the path of its target"));
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  EXPECT_THAT(MessageOf(folder_ / "fifo"), HasSubstr("not a regular file"));
  EXPECT_EQ(os_.open_files(), 0U);
}

// A file that is replaced before it is locked is not the one that others will read.
class ReplacingOs : public FaultyOs {
 public:
  absl::StatusOr<bool> Lock(int fd) override {
    if (replace-- > 0) std::filesystem::rename(path, path + ".moved");
    return FaultyOs::Lock(fd);
  }
  std::string path;
  int replace = 0;
};

TEST_F(OutputFileTest, LocksTheFileAtThePath) {
  ReplacingOs os;
  os.path = folder_ / "out";
  os.replace = 2;
  const auto fd = OpenAndLockOutputFile(&os, os.path);
  ASSERT_TRUE(fd.ok());
  EXPECT_EQ(os.Stat(*fd)->inode, os.StatPath(os.path, false)->inode);
  os.Close(*fd);
  os.replace = 1000;
  EXPECT_TRUE(absl::IsUnavailable(OpenAndLockOutputFile(&os, os.path).status()));
  EXPECT_EQ(os.open_files(), 0U);
}

TEST_F(OutputFileTest, AnyCallFails) {
  for (size_t n = 1;; ++n) {
    os_.Fail({.n = n});
    const auto fd = OpenAndLockOutputFile(&os_, folder_ / "out");
    if (os_.failed() == 0) {
      os_.Close(*fd);
      break;
    }
    EXPECT_THAT(std::string(fd.status().message()), HasSubstr(folder_ / "out"));
    EXPECT_EQ(os_.open_files(), 0U);
  }
}

TEST(OutputErrorTest, Because) {
  EXPECT_TRUE(Because(absl::OkStatus(), "write").ok());
  const absl::Status status = Because(absl::NotFoundError("gone"), "write to x");
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_EQ(status.message(), "cannot write to x: gone");
}

TEST(OutputErrorTest, ForNow) {
  EXPECT_TRUE(ForNow(absl::OkStatus()).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(ForNow(absl::ResourceExhaustedError("full"))));
  EXPECT_TRUE(absl::IsUnavailable(ForNow(absl::PermissionDeniedError("no"))));
  EXPECT_EQ(ForNow(absl::PermissionDeniedError("no")).message(), "no");
}

}  // namespace
}  // namespace sparktail
