#include "ingest/base/os.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace sparktail {
namespace {

class OsTest : public testing::Test {
 protected:
  OsTest() {
    std::string pattern = testing::TempDir() + "sparktail-os-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~OsTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) const {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  PosixOs os_;
  std::string folder_;
};

// A pipe that closes itself.
struct Pipe {
  Pipe() { EXPECT_EQ(::pipe(ends.data()), 0); }
  ~Pipe() {
    CloseReader();
    CloseWriter();
  }
  void CloseReader() { Close(&ends[0]); }
  void CloseWriter() { Close(&ends[1]); }
  static void Close(int* fd) {
    if (*fd >= 0) ::close(*fd);
    *fd = -1;
  }
  std::array<int, 2> ends{-1, -1};
};

// Otherwise each read line of a log costs a write of its inode.
TEST_F(OsTest, FollowingDoesNotChangeTheTimeOfAccess) {
  const std::string path = Write("log", "text");
  const std::array<timespec, 2> old = {{{1, 0}, {2, 0}}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), old.data(), 0), 0);
  const absl::StatusOr<int> fd = os_.OpenToFollow(path);
  ASSERT_TRUE(fd.ok()) << fd.status();
  std::array<char, 4> buffer{};
  ASSERT_EQ(os_.ReadAt(*fd, 0, buffer.data(), buffer.size()).value_or(0), 4U);
  os_.Close(*fd);
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_atim.tv_sec, 1);
}

TEST_F(OsTest, ReadsAFileToItsEnd) {
  const absl::StatusOr<int> fd = os_.Open(Write("a", std::string("one\0two", 7)));
  ASSERT_TRUE(fd.ok());
  const absl::StatusOr<Os::FileInfo> info = os_.Stat(*fd);
  ASSERT_TRUE(info.ok());
  EXPECT_TRUE(info->is_regular());
  EXPECT_FALSE(info->is_directory());
  EXPECT_EQ(info->size, 7U);
  std::array<char, 5> buffer{};
  ASSERT_EQ(os_.Read(*fd, buffer.data(), buffer.size()).value_or(99), 5U);
  EXPECT_EQ(std::string(buffer.data(), 5), std::string("one\0t", 5));
  EXPECT_EQ(os_.Read(*fd, buffer.data(), buffer.size()).value_or(99), 2U);
  EXPECT_EQ(os_.Read(*fd, buffer.data(), buffer.size()).value_or(99), 0U);
  os_.Close(*fd);
  EXPECT_EQ(::fcntl(*fd, F_GETFD), -1);
}

TEST_F(OsTest, FilesAreNotPassedToOtherPrograms) {
  const absl::StatusOr<int> fd = os_.Open(Write("a", ""));
  ASSERT_TRUE(fd.ok());
  EXPECT_EQ(::fcntl(*fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  EXPECT_EQ(::fcntl(*fd, F_GETFL) & O_ACCMODE, O_RDONLY);
  os_.Close(*fd);
}

TEST_F(OsTest, AMissingFileIsNotFound) {
  const absl::StatusOr<int> fd = os_.Open(folder_ + "/missing");
  EXPECT_TRUE(absl::IsNotFound(fd.status()));
  EXPECT_EQ(fd.status().message(), "No such file or directory");
}

TEST_F(OsTest, AnUnreadableFileIsDenied) {
  const std::string path = Write("a", "x");
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  // Root may read everything, so it steps down for the call.
  constexpr uid_t kNobody = 65534;
  const bool is_root = ::geteuid() == 0;
  if (is_root) {
    ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
    ASSERT_EQ(::seteuid(kNobody), 0);
  }
  const absl::StatusOr<int> fd = os_.Open(path);
  if (is_root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  EXPECT_TRUE(absl::IsPermissionDenied(fd.status()));
  EXPECT_EQ(fd.status().message(), "Permission denied");
}

TEST_F(OsTest, ADirectoryIsKnownAsOneAndCannotBeRead) {
  const absl::StatusOr<int> fd = os_.Open(folder_);
  ASSERT_TRUE(fd.ok());
  const absl::StatusOr<Os::FileInfo> info = os_.Stat(*fd);
  ASSERT_TRUE(info.ok());
  EXPECT_TRUE(info->is_directory());
  EXPECT_FALSE(info->is_regular());
  char byte = 0;
  EXPECT_EQ(os_.Read(*fd, &byte, 1).status().message(), "Is a directory");
  os_.Close(*fd);
}

TEST_F(OsTest, APipeHasNoSize) {
  Pipe pipe;
  ASSERT_EQ(os_.Write(pipe.ends[1], "abc", 3).value_or(0), 3U);
  const absl::StatusOr<Os::FileInfo> info = os_.Stat(pipe.ends[0]);
  ASSERT_TRUE(info.ok());
  EXPECT_FALSE(info->is_regular());
  EXPECT_FALSE(info->is_directory());
  EXPECT_EQ(info->size, 0U);
  pipe.CloseWriter();
  std::array<char, 8> buffer{};
  EXPECT_EQ(os_.Read(pipe.ends[0], buffer.data(), buffer.size()).value_or(99), 3U);
  EXPECT_EQ(os_.Read(pipe.ends[0], buffer.data(), buffer.size()).value_or(99), 0U);
}

TEST_F(OsTest, AWriteMayBeShort) {
  Pipe pipe;
  ASSERT_EQ(::fcntl(pipe.ends[1], F_SETFL, O_NONBLOCK), 0);
  const std::string large(size_t{4} << 20, 'x');
  const absl::StatusOr<size_t> written = os_.Write(pipe.ends[1], large.data(), large.size());
  ASSERT_TRUE(written.ok());
  EXPECT_GT(*written, 0U);
  EXPECT_LT(*written, large.size());
}

TEST_F(OsTest, AGoneReaderCancels) {
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.CloseReader();
  EXPECT_TRUE(absl::IsCancelled(os_.Write(pipe.ends[1], "x", 1).status()));
  ::signal(SIGPIPE, before);
}

TEST_F(OsTest, AFullDeviceIsExhausted) {
  const int fd = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  const absl::Status status = os_.Write(fd, "x", 1).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_EQ(status.message(), "No space left on device");
  ::close(fd);
}

TEST_F(OsTest, ABadDescriptorIsAnErrorOfEveryCall) {
  char byte = 0;
  EXPECT_EQ(os_.Stat(-1).status().message(), "Bad file descriptor");
  EXPECT_EQ(os_.Read(-1, &byte, 1).status().message(), "Bad file descriptor");
  EXPECT_EQ(os_.Write(-1, &byte, 1).status().message(), "Bad file descriptor");
}

int interrupted_fd = -1;

TEST_F(OsTest, ASignalDoesNotEndARead) {
  Pipe pipe;
  interrupted_fd = pipe.ends[1];
  struct sigaction action {};
  struct sigaction before {};
  // Without SA_RESTART, so that read() fails with EINTR. The handler writes the bytes that the
  // retry reads.
  action.sa_handler = [](int) { (void)!::write(interrupted_fd, "x", 1); };
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  absl::StatusOr<size_t> size = absl::UnknownError("not read");
  std::thread reader([&] {
    char byte = 0;
    size = os_.Read(pipe.ends[0], &byte, 1);
  });
  ASSERT_EQ(::pthread_kill(reader.native_handle(), SIGUSR1), 0);
  reader.join();
  ASSERT_EQ(::sigaction(SIGUSR1, &before, nullptr), 0);
  ASSERT_TRUE(size.ok()) << size.status();
  EXPECT_EQ(*size, 1U);
}

}  // namespace
}  // namespace sparktail
