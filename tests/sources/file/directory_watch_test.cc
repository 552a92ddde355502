#include "ingest/sources/file/directory_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/faulty_os.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::FaultyOs;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::TempDir;
using testing::WriteBytes;

// The kernel tells of what this process does before the call that does it returns: there is
// nothing to wait for.
class DirectoryWatchTest : public ::testing::Test {
 protected:
  struct Seen {
    bool lost = false;
    bool names = false;
    std::vector<std::string> written;  // each once
  };

  void SetUp() override {
    fs::create_directory(a_);
    fs::create_directory(b_);
    ASSERT_TRUE(watch_.Open().ok());
  }

  Seen Read() {
    Seen seen;
    DirectoryWatch::Changes changes;
    changes.on_written = [&](std::string_view directory, std::string_view name) {
      const std::string path = std::string(directory) + "/" + std::string(name);
      if (std::find(seen.written.begin(), seen.written.end(), path) == seen.written.end()) {
        seen.written.push_back(path);
      }
    };
    EXPECT_TRUE(watch_.Read(&changes).ok());
    seen.lost = changes.lost;
    seen.names = changes.names;
    return seen;
  }
  bool IsReadable() const {
    pollfd fd{watch_.fd(), POLLIN, 0};
    return ::poll(&fd, 1, 0) == 1;
  }
  static void Append(const std::string& path) { std::ofstream(path, std::ios::app) << "x"; }

  TempDir dir_{TempDir::Place::kMemory};
  const std::string a_ = dir_ / "a";
  const std::string b_ = dir_ / "b";
  FaultyOs os_;
  DirectoryWatch watch_{&os_};
};

TEST_F(DirectoryWatchTest, ReportsWrites) {
  WriteBytes(a_ + "/1", "x");
  WriteBytes(b_ + "/2", "x");
  ASSERT_TRUE(watch_.Set({a_, b_}).ok());
  EXPECT_FALSE(IsReadable());
  Append(a_ + "/1");
  Append(b_ + "/2");
  Append(b_ + "/2");
  EXPECT_TRUE(IsReadable());
  const Seen seen = Read();
  EXPECT_THAT(seen.written, ElementsAre(a_ + "/1", b_ + "/2"));
  EXPECT_FALSE(seen.names);
  EXPECT_FALSE(seen.lost);
  EXPECT_FALSE(IsReadable());
  EXPECT_THAT(Read().written, IsEmpty());
}

TEST_F(DirectoryWatchTest, ATruncationIsAChangeOfTheContent) {
  WriteBytes(a_ + "/1", "x");
  ASSERT_TRUE(watch_.Set({a_}).ok());
  fs::resize_file(a_ + "/1", 0);
  EXPECT_THAT(Read().written, ElementsAre(a_ + "/1"));
}

TEST_F(DirectoryWatchTest, ReportsChangedNames) {
  ASSERT_TRUE(watch_.Set({a_}).ok());
  WriteBytes(a_ + "/1", "");
  EXPECT_TRUE(Read().names);
  fs::rename(a_ + "/1", a_ + "/2");
  EXPECT_TRUE(Read().names);
  fs::rename(a_ + "/2", b_ + "/2");
  EXPECT_TRUE(Read().names);
  fs::rename(b_ + "/2", a_ + "/3");
  EXPECT_TRUE(Read().names);
  fs::remove(a_ + "/3");
  EXPECT_TRUE(Read().names);
  fs::create_directory(a_ + "/deep");
  EXPECT_TRUE(Read().names);
}

TEST_F(DirectoryWatchTest, WatchesOnlyTheGivenDirectories) {
  WriteBytes(a_ + "/1", "x");
  WriteBytes(b_ + "/2", "x");
  ASSERT_TRUE(watch_.Set({a_, b_}).ok());
  ASSERT_TRUE(watch_.Set({b_}).ok());
  Append(a_ + "/1");
  Append(b_ + "/2");
  EXPECT_THAT(Read().written, ElementsAre(b_ + "/2"));
  ASSERT_TRUE(watch_.Set({a_, b_}).ok());
  Append(a_ + "/1");
  EXPECT_THAT(Read().written, ElementsAre(a_ + "/1"));
}

TEST_F(DirectoryWatchTest, ReportsNewlyWatchedDirectories) {
  EXPECT_TRUE(watch_.Set({a_}).value());
  EXPECT_FALSE(watch_.Set({a_}).value());
  EXPECT_TRUE(watch_.Set({a_, b_}).value());
  EXPECT_FALSE(watch_.Set({b_}).value());
  EXPECT_TRUE(watch_.Set({a_}).value());
  EXPECT_FALSE(watch_.Set({a_, dir_ / "none"}).value());
  fs::remove(a_);
  fs::create_directory(a_);
  EXPECT_TRUE(watch_.Set({a_}).value());
}

TEST_F(DirectoryWatchTest, AMissingDirectoryIsSkipped) {
  ASSERT_TRUE(watch_.Set({dir_ / "none", a_}).ok());
  WriteBytes(a_ + "/1", "x");
  EXPECT_THAT(Read().written, ElementsAre(a_ + "/1"));
}

TEST_F(DirectoryWatchTest, ARemovedDirectoryIsReported) {
  ASSERT_TRUE(watch_.Set({a_, b_}).ok());
  fs::remove(a_);
  EXPECT_TRUE(Read().names);
  // And is watched again when it is there again.
  fs::create_directory(a_);
  ASSERT_TRUE(watch_.Set({a_, b_}).ok());
  Read();
  WriteBytes(a_ + "/1", "x");
  EXPECT_THAT(Read().written, ElementsAre(a_ + "/1"));
}

TEST_F(DirectoryWatchTest, AnotherDirectoryMayTakeTheName) {
  ASSERT_TRUE(watch_.Set({a_}).ok());
  fs::rename(a_, dir_ / "old");
  fs::create_directory(a_);
  EXPECT_TRUE(Read().names);
  ASSERT_TRUE(watch_.Set({a_}).ok());
  WriteBytes(a_ + "/1", "x");
  WriteBytes(dir_ / "old/2", "x");
  EXPECT_THAT(Read().written, ElementsAre(a_ + "/1"));
}

TEST_F(DirectoryWatchTest, ADirectoryThatWasReplacedWhileItWasNotReadIsWatched) {
  ASSERT_TRUE(watch_.Set({a_}).ok());
  fs::remove(a_);
  fs::create_directory(a_);
  // Unread events of the old directory must not end the watch of the new one.
  ASSERT_TRUE(watch_.Set({a_}).ok());
  EXPECT_TRUE(Read().names);
  WriteBytes(a_ + "/1", "x");
  EXPECT_THAT(Read().written, ElementsAre(a_ + "/1"));
}

TEST_F(DirectoryWatchTest, LostEventsAreReported) {
  WriteBytes(a_ + "/1", "x");
  WriteBytes(a_ + "/2", "x");
  ASSERT_TRUE(watch_.Set({a_}).ok());
  size_t most = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
  if (most > 200'000) GTEST_SKIP() << "the kernel keeps " << most << " changes";
  std::ofstream one(a_ + "/1", std::ios::app);
  std::ofstream two(a_ + "/2", std::ios::app);
  // Changes of one file in a row would be told as one.
  for (size_t i = 0; i < most / 2 + 10; ++i) {
    one << "x" << std::flush;
    two << "x" << std::flush;
  }
  EXPECT_TRUE(Read().lost);
  one << "x" << std::flush;
  const Seen seen = Read();
  EXPECT_FALSE(seen.lost);
  EXPECT_THAT(seen.written, ElementsAre(a_ + "/1"));
}

TEST_F(DirectoryWatchTest, NoMoreWatchesAreAnError) {
  os_.Fail({.n = 2,
            .status = absl::ResourceExhaustedError("No space left on device"),
            .calls = {FaultyOs::Call::kWatchDirectory}});
  const absl::Status status = watch_.Set({a_, b_}).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_TRUE(watch_.Set({a_, b_}).ok());
}

TEST_F(DirectoryWatchTest, ErrorsAreReturned) {
  os_.Fail({.calls = {FaultyOs::Call::kReadEvents}});
  DirectoryWatch::Changes changes;
  EXPECT_TRUE(absl::IsUnavailable(watch_.Read(&changes)));
  DirectoryWatch other(&os_);
  EXPECT_EQ(other.fd(), -1);
  os_.Fail({.calls = {FaultyOs::Call::kWatchInit}});
  EXPECT_TRUE(absl::IsUnavailable(other.Open()));
  EXPECT_EQ(other.fd(), -1);
}

TEST(DirectoryWatchLifeTest, NothingStaysOpen) {
  FaultyOs os;
  {
    DirectoryWatch watch(&os);
    ASSERT_TRUE(watch.Open().ok());
    EXPECT_EQ(os.open_files(), 1U);
  }
  EXPECT_EQ(os.open_files(), 0U);
}

}  // namespace
}  // namespace sparktail
