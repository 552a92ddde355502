#include "ingest/sources/file/file_source.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/support/corpus.h"
#include "tests/support/fake_tails.h"
#include "tests/support/faulty_os.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

namespace fs = std::filesystem;
using testing::BytesOf;
using ::testing::ElementsAre;
using testing::FakeTails;
using testing::FaultyOs;
using ::testing::IsEmpty;
using testing::RecordingLog;
using ::testing::SizeIs;
using testing::TempDir;
using testing::WriteBytes;

// Lets a test give a file the inode of another one, and run code in the middle of a call.
class PretendingOs : public FaultyOs {
 public:
  // From now on the file at `path` has this inode.
  void Pretend(const std::string& path, uint64_t inode) { inodes_[RealInode(path)] = inode; }
  void PretendOwner(const std::string& path, uint32_t owner) { owners_[RealInode(path)] = owner; }
  // All files are on another device from now on.
  void MoveDevice() { ++moved_; }

  std::function<void(const std::string&)> before_watch;
  std::function<void(const std::string&)> before_stat_path;

  absl::StatusOr<FileInfo> Stat(int fd) override { return Changed(FaultyOs::Stat(fd)); }
  absl::StatusOr<FileInfo> StatPath(const std::string& path, bool follow_links) override {
    if (before_stat_path) before_stat_path(path);
    return Changed(FaultyOs::StatPath(path, follow_links));
  }
  absl::StatusOr<int> WatchDirectory(int watch_fd, const std::string& path) override {
    if (before_watch) before_watch(path);
    return FaultyOs::WatchDirectory(watch_fd, path);
  }

  uint64_t RealInode(const std::string& path) {
    return PosixOs().StatPath(path, /*follow_links=*/false)->inode;
  }

 private:
  absl::StatusOr<FileInfo> Changed(absl::StatusOr<FileInfo> info) const {
    if (!info.ok()) return info;
    if (const auto owner = owners_.find(info->inode); owner != owners_.end()) {
      info->owner = owner->second;
    }
    if (const auto inode = inodes_.find(info->inode); inode != inodes_.end()) {
      info->inode = inode->second;
    }
    info->device += moved_;
    return info;
  }

  std::unordered_map<uint64_t, uint64_t> inodes_;
  std::unordered_map<uint64_t, uint32_t> owners_;
  uint64_t moved_ = 0;
};

// Names the Lines() in a text: " 0-99 50-120".
std::string Ranges(std::string_view text) {
  static constexpr std::string_view kLine = "line ";
  std::string ranges;
  uint64_t next = UINT64_MAX;
  for (size_t at = text.find(kLine); at != std::string_view::npos; at = text.find(kLine, at)) {
    at += kLine.size();
    const uint64_t n = std::strtoull(text.data() + at, nullptr, 10);
    if (n != next) {
      if (next != UINT64_MAX) ranges += "-" + std::to_string(next - 1);
      ranges += " " + std::to_string(n);
    }
    next = n + 1;
  }
  if (next != UINT64_MAX) ranges += "-" + std::to_string(next - 1);
  return ranges;
}

// Sorts lines by their numbers.
std::string Sorted(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line + "\n");
  const auto number = [](const std::string& line) { return std::strtoull(&line[5], nullptr, 10); };
  std::sort(lines.begin(), lines.end(),
            [&](const auto& a, const auto& b) { return number(a) < number(b); });
  std::string sorted;
  for (const std::string& line : lines) sorted += line;
  return sorted;
}

// The clock moves only in Run(), and the kernel reports changes before the call that makes them
// returns: nothing here waits.
class FileSourceTest : public ::testing::Test {
 protected:
  FileSourceTest() {
    os_.SetNow(absl::FromUnixSeconds(1'795'276'340));
    options_.paths = {dir_ / "*.log"};
  }

  void Start() {
    FileSource::Parts parts{&os_, &log_, "logs", options_, &tails_, most_descriptors_};
    source_ = std::make_unique<FileSource>(parts);
    ASSERT_TRUE(source_->Open(tails_.Remembered(), start_at_).ok());
    Run();
  }
  void Stop() { source_ = nullptr; }
  void Restart() {
    Stop();
    Start();
  }

  // Runs the source for `time`.
  void Run(absl::Duration time = absl::Milliseconds(100)) {
    const absl::Time end = os_.Now() + time;
    while (true) {
      const absl::Time next = source_->Turn();
      if (os_.Now() >= end) return;
      os_.SetNow(std::clamp(next, os_.Now() + absl::Milliseconds(1), end));
    }
  }

  void Append(const std::string& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
  }
  // driver.log becomes driver.log.1, that one .2, and so on.
  void Rotate(std::string_view bytes) {
    const auto name = [&](int n) {
      return n == 0 ? log_path_ : log_path_ + "." + std::to_string(n);
    };
    int last = 0;
    while (fs::exists(name(last + 1))) ++last;
    for (int n = last; n >= 0; --n) fs::rename(name(n), name(n + 1));
    WriteBytes(log_path_, bytes);
  }
  // Times of files are coarse, and a test takes a few milliseconds: from call to call a second
  // passes.
  void Stamp(const std::string& path) {
    const timespec time{seconds_++, 0};
    const timespec times[2] = {time, time};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }
  static std::string Lines(size_t begin, size_t end) {
    std::string lines;
    for (size_t n = begin; n < end; ++n) lines += "line " + std::to_string(n) + " of the log\n";
    return lines;
  }
  // The text read from the i-th file.
  const std::string& Bytes(size_t i) { return tails_.stream(i).bytes; }
  uint64_t Lost() {
    Run(absl::Seconds(2));  // counts are of a second ago
    return source_->status().lost_bytes;
  }
  // A description of everything read and logged, for failure messages.
  std::string Story() {
    std::string story = "\nfailed: " + os_.first_failure();
    for (const std::string& name : tails_.order) {
      const FakeTails::Stream& stream = tails_.streams[name];
      story += "\n" + name + " after " + stream.file.after + ": " +
               std::to_string(stream.bytes.size()) + (stream.ended ? ", ended" : "");
    }
    for (const std::string& line : log_.lines()) story += "\n" + line;
    return story;
  }
  size_t Said(std::string_view text) {
    size_t count = 0;
    for (const std::string& line : log_.lines())
      count += line.find(text) == std::string::npos ? 0 : 1;
    return count;
  }

  TempDir dir_{TempDir::Place::kMemory};
  const std::string log_path_ = dir_ / "driver.log";
  PretendingOs os_;
  RecordingLog log_;
  FileSourceOptions options_;
  StartAt start_at_;
  int most_descriptors_ = INT_MAX;
  FakeTails tails_;
  std::unique_ptr<FileSource> source_;

 private:
  int64_t seconds_ = 1'795'000'000;
};

// Runs each test with inotify and with polling.
class FileSourceWatchTest : public FileSourceTest, public ::testing::WithParamInterface<Watch> {
 protected:
  FileSourceWatchTest() { options_.watch = GetParam(); }
  // Long enough for a change to be seen.
  void Look() { Run(absl::Seconds(2)); }
};
INSTANTIATE_TEST_SUITE_P(Watch, FileSourceWatchTest,
                         ::testing::Values(Watch::kInotify, Watch::kPoll), [](const auto& watch) {
                           return watch.param == Watch::kPoll ? "Poll" : "Inotify";
                         });

// ---------------------------------------------------------------- finding

TEST_P(FileSourceWatchTest, ReadsWhatIsThereAndWhatComes) {
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  ASSERT_THAT(tails_.order, SizeIs(1));
  EXPECT_EQ(Bytes(0), Lines(0, 10));
  Append(log_path_, Lines(10, 20));
  Look();
  EXPECT_EQ(Bytes(0), Lines(0, 20));
  Append(log_path_, "half a l");
  Look();
  Append(log_path_, "ine\n");
  Look();
  EXPECT_EQ(Bytes(0), Lines(0, 20) + "half a line\n");
  EXPECT_TRUE(source_->AtEnd());
}

TEST_P(FileSourceWatchTest, FindsNewFilesAndNewDirectories) {
  options_.paths = {dir_ / "**/*.log", dir_ / "app*/stderr"};
  Start();
  EXPECT_EQ(source_->files(), 0U);
  WriteBytes(log_path_, Lines(0, 1));
  Look();
  fs::create_directories(dir_ / "app1/deep");
  WriteBytes(dir_ / "app1/stderr", Lines(1, 2));
  WriteBytes(dir_ / "app1/deep/x.log", Lines(2, 3));
  Look();
  Append(dir_ / "app1/deep/x.log", Lines(3, 4));
  Look();
  ASSERT_THAT(tails_.order, SizeIs(3));
  std::string all;
  for (size_t i = 0; i < 3; ++i) all += Bytes(i);
  EXPECT_THAT(all, ::testing::HasSubstr(Lines(2, 4)));
  EXPECT_EQ(all.size(), Lines(0, 4).size());
}

TEST_F(FileSourceTest, AFileMadeBetweenLookingAndWatchingIsFound) {
  options_.paths = {dir_ / "*/stderr"};
  Start();
  fs::create_directory(dir_ / "app1");
  os_.before_watch = [&](const std::string& path) {
    if (path == dir_ / "app1") WriteBytes(dir_ / "app1/stderr", Lines(0, 1));
  };
  Run(absl::Seconds(1));
  ASSERT_THAT(tails_.order, SizeIs(1));
  EXPECT_EQ(Bytes(0), Lines(0, 1));
}

TEST_F(FileSourceTest, AFileThatSeveralGlobsFindIsReadOnce) {
  options_.paths = {dir_ / "*.log", log_path_, dir_ / "link"};
  WriteBytes(log_path_, Lines(0, 3));
  fs::create_symlink(log_path_, dir_ / "link");
  Start();
  EXPECT_THAT(tails_.order, SizeIs(1));
  Append(log_path_, Lines(3, 4));
  Run();
  EXPECT_EQ(Bytes(0), Lines(0, 4));
}

TEST_F(FileSourceTest, ExcludedFilesAreLeftOut) {
  options_.exclude = {dir_ / "*.1.log"};
  WriteBytes(dir_ / "a.log", "a\n");
  WriteBytes(dir_ / "a.1.log", "1\n");
  Start();
  ASSERT_THAT(tails_.order, SizeIs(1));
  EXPECT_EQ(Bytes(0), "a\n");
}

// As kubelet does it: links in /var/log/containers to files elsewhere.
TEST_F(FileSourceTest, ALinkIsFollowedToWhereItPoints) {
  fs::create_directory(dir_ / "pods");
  WriteBytes(dir_ / "pods/0.log", Lines(0, 3));
  options_.paths = {dir_ / "containers/*.log"};
  fs::create_directory(dir_ / "containers");
  fs::create_symlink(dir_ / "pods/0.log", dir_ / "containers/driver.log");
  Start();
  Append(dir_ / "pods/0.log", Lines(3, 6));
  Run();
  ASSERT_THAT(tails_.order, SizeIs(1));
  EXPECT_EQ(Bytes(0), Lines(0, 6));
  EXPECT_EQ(tails_.stream(0).file.path, dir_ / "containers/driver.log");
  // Rotated where it is, the link points to the new one.
  fs::rename(dir_ / "pods/0.log", dir_ / "pods/0.log.20261121-103000");
  Append(dir_ / "pods/0.log.20261121-103000", Lines(6, 7));
  WriteBytes(dir_ / "pods/0.log", Lines(7, 9));
  Run(absl::Seconds(1));
  ASSERT_THAT(tails_.order, SizeIs(2));
  EXPECT_EQ(Bytes(0), Lines(0, 7));
  EXPECT_EQ(Bytes(1), Lines(7, 9));
  EXPECT_EQ(tails_.stream(1).file.after, tails_.order[0]);
  // For a moment it points to nothing.
  fs::rename(dir_ / "pods/0.log", dir_ / "pods/0.log.20261121-113000");
  Run(absl::Seconds(3));
  WriteBytes(dir_ / "pods/0.log", Lines(9, 12));
  Run(absl::Seconds(1));
  ASSERT_THAT(tails_.order, SizeIs(3));
  EXPECT_EQ(Bytes(2), Lines(9, 12));
  EXPECT_EQ(tails_.stream(2).file.after, tails_.order[1]);
  EXPECT_EQ(Said("left out"), 0U);
}

TEST_F(FileSourceTest, ALinkThatComesToLife) {
  fs::create_symlink(dir_ / "0.log", log_path_);
  options_.paths = {log_path_};
  Start();
  Run(absl::Seconds(5));
  EXPECT_EQ(Said("is skipped"), 1U);
  WriteBytes(dir_ / "0.log", Lines(0, 3));
  Run(absl::Seconds(61));
  EXPECT_EQ(tails_.all, Lines(0, 3));
}

TEST_F(FileSourceTest, ALinkOfAnotherUserIsNotFollowed) {
  WriteBytes(dir_ / "secret", "s\n");
  fs::create_symlink(dir_ / "secret", log_path_);
  os_.PretendOwner(log_path_, 4711);
  Start();
  EXPECT_THAT(tails_.order, IsEmpty());
  EXPECT_EQ(Said("link whose owner does not own its target"), 1U);
  os_.PretendOwner(dir_ / "secret", 4711);  // to a file of his own
  Run(absl::Minutes(2));
  EXPECT_THAT(tails_.order, SizeIs(1));
}

TEST_F(FileSourceTest, PathsThatAreNotLogsAreLoggedOnceAndTheOthersAreRead) {
  fs::create_directory(dir_ / "directory.log");
  ASSERT_EQ(::mkfifo((dir_ / "fifo.log").c_str(), 0600), 0);
  fs::create_symlink("/dev/null", dir_ / "device.log");
  fs::create_symlink(dir_ / "nothing", dir_ / "dangling.log");
  WriteBytes(dir_ / "locked.log", "locked\n");
  WriteBytes(dir_ / "old.log.gz", "gz\n");
  WriteBytes(log_path_, Lines(0, 2));
  options_.paths = {dir_ / "*.log", dir_ / "*.gz"};
  options_.watch = Watch::kPoll;
  os_.Fail({.status = absl::PermissionDeniedError("Permission denied"),
            .from_then_on = true,
            .calls = {FaultyOs::Call::kOpenToFollow},
            .path_contains = "locked"});
  Start();
  Run(absl::Seconds(10));
  ASSERT_THAT(tails_.order, SizeIs(1));
  EXPECT_EQ(Bytes(0), Lines(0, 2));
  for (const char* name :
       {"directory.log", "fifo.log", "device.log", "dangling.log", "locked.log", "old.log.gz"}) {
    EXPECT_EQ(Said(std::string("/") + name), 1U) << name;
  }
  EXPECT_EQ(source_->status().errors, 6U);
  os_.Heal();
  Run(absl::Seconds(5));
  ASSERT_THAT(tails_.order, SizeIs(2));
  EXPECT_EQ(Bytes(1), "locked\n");
}

TEST_F(FileSourceTest, AnUnreadableDirectoryIsLogged) {
  fs::create_directory(dir_ / "app1");
  WriteBytes(dir_ / "app1/stderr", Lines(0, 2));
  options_.paths = {dir_ / "app*/std*"};
  os_.Fail({.status = absl::PermissionDeniedError("Permission denied"),
            .from_then_on = true,
            .calls = {FaultyOs::Call::kList},
            .path_contains = "app1"});
  Start();
  Run(absl::Seconds(10));
  EXPECT_EQ(Said("/app1"), 1U);
  EXPECT_EQ(Said("Permission denied"), 1U);
  os_.Heal();
  Run(absl::Minutes(2));
  ASSERT_THAT(tails_.order, SizeIs(1));
  EXPECT_EQ(Bytes(0), Lines(0, 2));
}

TEST_F(FileSourceTest, StartAtEndSkipsExistingBytesAtTheFirstStart) {
  start_at_.kind = StartAt::Kind::kEnd;
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  ASSERT_THAT(tails_.order, SizeIs(1));
  EXPECT_EQ(tails_.stream(0).place.from, Lines(0, 10).size());
  EXPECT_EQ(Bytes(0), Lines(0, 10)) << "it is read, for what stands in it";
  WriteBytes(dir_ / "later.log", "x\n");
  Run();
  EXPECT_EQ(tails_.stream(1).place.from, 0U);
  // A later start passes over nothing.
  start_at_ = {};
  Stop();
  WriteBytes(dir_ / "new.log", "x\n");
  Start();
  EXPECT_EQ(tails_.stream(2).place.from, 0U);
}

TEST_F(FileSourceTest, StartAtAnAgeSkipsOlderEvents) {
  start_at_ = {StartAt::Kind::kAge, absl::Hours(1)};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  EXPECT_EQ(tails_.stream(0).place.since_ms,
            absl::ToUnixMillis(absl::FromUnixSeconds(1'795'276'340) - absl::Hours(1)));
  WriteBytes(dir_ / "later.log", "x\n");
  Run();
  EXPECT_EQ(tails_.stream(1).place.since_ms, INT64_MIN);
}

TEST_F(FileSourceTest, WithoutInotifyFilesArePolled) {
  for (const FaultyOs::Call call :
       {FaultyOs::Call::kWatchInit, FaultyOs::Call::kWatchDirectory, FaultyOs::Call::kReadEvents}) {
    tails_ = FakeTails();
    WriteBytes(log_path_, Lines(0, 1));
    os_.Fail({.status = absl::ResourceExhaustedError("No space left on device"), .calls = {call}});
    Start();
    Append(log_path_, Lines(1, 2));
    Run(absl::Seconds(2));
    EXPECT_EQ(source_->wake_fd(), -1);
    EXPECT_EQ(Bytes(0), Lines(0, 2));
    Stop();
    EXPECT_EQ(os_.open_files(), 0U);
  }
  EXPECT_EQ(Said("max_user_watches"), 3U);
}

// ---------------------------------------------------------------- reading

TEST_F(FileSourceTest, IdleFilesCostNothingBetweenScans) {
  static constexpr size_t kFiles = 10'000;
  for (size_t n = 0; n < kFiles; ++n) WriteBytes(dir_ / (std::to_string(n) + ".log"), "x\n");
  most_descriptors_ = 500;
  Start();
  Run(absl::Minutes(10));
  ASSERT_THAT(tails_.order, SizeIs(kFiles));
  // To where a scan has just been made.
  const size_t lists = os_.calls(FaultyOs::Call::kList);
  while (os_.calls(FaultyOs::Call::kList) == lists) Run(absl::Seconds(1));
  size_t before = os_.calls();
  Run(absl::Seconds(55));
  EXPECT_LT(os_.calls() - before, 200U) << "as many as if there were none";
  before = os_.calls();
  Run(absl::Minutes(1));
  EXPECT_LT(os_.calls() - before, 3 * kFiles) << "a scan looks at each";
}

TEST_F(FileSourceTest, FilesTakeTurns) {
  const std::string large(5 << 20, 'x');
  WriteBytes(dir_ / "large.log", large);
  WriteBytes(dir_ / "small.log", Lines(0, 3));
  FileSource::Parts parts{&os_, &log_, "logs", options_, &tails_};
  source_ = std::make_unique<FileSource>(parts);
  ASSERT_TRUE(source_->Open({}).ok());
  source_->Turn();
  ASSERT_THAT(tails_.order, SizeIs(2));
  EXPECT_EQ(Bytes(0).size(), 1U << 20);
  EXPECT_EQ(Bytes(1), Lines(0, 3));
  EXPECT_FALSE(source_->AtEnd());
  Run();
  EXPECT_EQ(Bytes(0), large);
  EXPECT_TRUE(source_->AtEnd());
}

TEST_F(FileSourceTest, WithoutRoomNothingIsReadAndNothingIsLost) {
  WriteBytes(log_path_, Lines(0, 1000));
  tails_.room = 5000;
  tails_.most = 1000;
  Start();
  EXPECT_EQ(Bytes(0).size(), 5000U);
  EXPECT_FALSE(source_->AtEnd());
  const size_t reads = os_.calls(FaultyOs::Call::kReadAt);
  Run(absl::Seconds(30));
  EXPECT_EQ(os_.calls(FaultyOs::Call::kReadAt), reads);
  EXPECT_EQ(source_->status().lag_bytes, Lines(0, 1000).size() - 5000);
  // Rotated meanwhile, twice.
  fs::rename(log_path_, log_path_ + ".2");
  WriteBytes(log_path_, Lines(1000, 1100));
  Run(absl::Seconds(1));
  fs::rename(log_path_, log_path_ + ".1");
  WriteBytes(log_path_, Lines(1100, 1200));
  Run(absl::Seconds(30));
  tails_.room = UINT64_MAX;
  Run(absl::Seconds(1));
  EXPECT_EQ(tails_.all, Lines(0, 1200));
  EXPECT_EQ(Lost(), 0U);
}

TEST_F(FileSourceTest, AFailedReadIsLoggedAndRetried) {
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  os_.Fail({.from_then_on = true, .calls = {FaultyOs::Call::kReadAt}});
  Append(log_path_, Lines(10, 20));
  Run(absl::Seconds(10));
  EXPECT_EQ(Bytes(0), Lines(0, 10));
  EXPECT_FALSE(source_->AtEnd());
  EXPECT_GE(Said("cannot read " + log_path_ + ": Input/output error"), 5U);
  EXPECT_LE(Said("cannot read " + log_path_ + ": Input/output error"), 12U);
  os_.Heal();
  Run(absl::Seconds(2));
  EXPECT_EQ(Bytes(0), Lines(0, 20));
  EXPECT_EQ(tails_.order.size(), 1U);
}

TEST_F(FileSourceTest, ShortReadsAreContinued) {
  os_.set_most_read(7);
  WriteBytes(log_path_, Lines(0, 100));
  Start();
  Append(log_path_, Lines(100, 200));
  Restart();
  EXPECT_EQ(Bytes(0), Lines(0, 200));
}

// Whichever call fails once: everything is read exactly once.
TEST_F(FileSourceTest, TheNthCallFailsOnce) {
  options_.close_idle = absl::Seconds(20);
  for (size_t n = 1;; ++n) {
    SCOPED_TRACE("n = " + std::to_string(n));
    TempDir dir(TempDir::Place::kMemory);
    const std::string path = dir / "driver.log";
    options_.paths = {dir / "driver.log", dir / "other*.log"};
    tails_ = FakeTails();
    WriteBytes(path, Lines(0, 10));
    WriteBytes(dir / "other.log", "other\n");
    Start();
    os_.Fail({.n = n});
    Append(path, Lines(10, 20));
    Run(absl::Seconds(1));
    fs::rename(path, path + ".1");
    Run();
    WriteBytes(path, Lines(20, 30));
    Run(absl::Seconds(10));
    Stop();
    Append(path, Lines(30, 40));
    fs::rename(path + ".1", path + ".2");
    fs::rename(path, path + ".1");
    WriteBytes(path, Lines(40, 50));
    Start();
    Run(absl::Seconds(3));
    fs::copy_file(path, path + ".0");
    fs::resize_file(path, 0);
    Append(path, Lines(50, 60));
    Run(absl::Seconds(60));
    Append(path, Lines(60, 70));
    Run(absl::Seconds(60));
    const bool is_over = os_.failed() == 0;
    SCOPED_TRACE(os_.first_failure());
    EXPECT_EQ(Lost(), 0U);
    std::string lines;
    for (const std::string& name : tails_.order) {
      if (tails_.streams[name].file.path == path) lines += tails_.streams[name].bytes;
    }
    EXPECT_EQ(lines, Lines(0, 70));
    EXPECT_TRUE(source_->AtEnd());
    Stop();
    EXPECT_EQ(os_.open_files(), 0U);
    if (is_over || HasFailure()) break;
  }
}

// ---------------------------------------------------------------- renamed

TEST_P(FileSourceWatchTest, ARenamedFileIsReadToItsEndAndThenItsSuccessor) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  std::ofstream writer(log_path_, std::ios::app);
  fs::rename(log_path_, log_path_ + ".1");
  writer << Lines(10, 20) << std::flush;
  Look();
  WriteBytes(log_path_, Lines(30, 40));
  Look();
  writer << Lines(20, 30) << std::flush;
  Look();
  ASSERT_THAT(tails_.order, SizeIs(2));
  EXPECT_EQ(Bytes(0), Lines(0, 30));
  EXPECT_EQ(Bytes(1), Lines(30, 40));
  EXPECT_EQ(tails_.stream(1).file.after, tails_.order[0]);
  EXPECT_FALSE(tails_.stream(0).ended);
  Run(absl::Seconds(10));
  EXPECT_TRUE(tails_.stream(0).ended);
  EXPECT_EQ(source_->status().rotations, 1U);
  EXPECT_EQ(source_->status().open_files, 1U);
  EXPECT_EQ(Lost(), 0U);
}

TEST_P(FileSourceWatchTest, SeveralRotationsBetweenTwoLooksLoseNothing) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  Append(log_path_, Lines(10, 20));
  for (size_t rotation = 1; rotation <= 12; ++rotation) {
    Rotate(Lines(10 + 10 * rotation, 20 + 10 * rotation));
  }
  Look();
  Run(absl::Seconds(1));
  EXPECT_EQ(tails_.all, Lines(0, 140));
  EXPECT_THAT(tails_.order, SizeIs(13));
  EXPECT_EQ(source_->status().rotations, 12U);
  for (size_t i = 1; i < 13; ++i) EXPECT_EQ(tails_.stream(i).file.after, tails_.order[i - 1]);
}

TEST_F(FileSourceTest, RotatedWhileItIsLookedAt) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  size_t next = 10;
  const auto rotate = [&] {
    Rotate(Lines(next, next + 10));
    next += 10;
  };
  for (size_t i = 0; i < 6; ++i) {
    for (size_t n = 0; n < 3; ++n) rotate();
    size_t looks = 0;
    os_.before_stat_path = [&](const std::string&) {
      if (++looks == 2 + 2 * i) rotate();
    };
    Run();
    os_.before_stat_path = nullptr;
    Run(absl::Seconds(1));
    ASSERT_EQ(tails_.all, Lines(0, next)) << Story();
  }
}

TEST_F(FileSourceTest, RotatedTwiceAndNothingIsLeftAtThePath) {
  for (const bool down : {false, true}) {
    tails_ = FakeTails();
    options_.paths = {log_path_};
    WriteBytes(log_path_, Lines(0, 10));
    Start();
    if (down) Stop();
    Append(log_path_, Lines(10, 20));
    Rotate(Lines(20, 30));
    Rotate("");
    fs::remove(log_path_);
    if (down) Start();
    Run(absl::Seconds(1));
    EXPECT_EQ(tails_.all, Lines(0, 30)) << Story();
    WriteBytes(log_path_, Lines(30, 40));
    Run(absl::Seconds(1));
    EXPECT_EQ(tails_.all, Lines(0, 40)) << Story();
    Stop();
    for (const char* name : {"", ".1", ".2"}) fs::remove(log_path_ + name);
  }
}

TEST_F(FileSourceTest, AHiddenFileIsNotAtItsEnd) {
  WriteBytes(log_path_, Lines(0, 3));
  Start();
  EXPECT_TRUE(source_->AtEnd());
  os_.Fail({.calls = {FaultyOs::Call::kList}});
  source_->LookAgain();
  Run();
  EXPECT_FALSE(source_->AtEnd());
  Run(absl::Seconds(2));
  EXPECT_TRUE(source_->AtEnd());
}

TEST_F(FileSourceTest, RotatedFilesMayHaveInodesOfOnesThatEnded) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  Rotate(Lines(10, 20));
  Run();
  Rotate(Lines(20, 30));
  Run(absl::Seconds(20));
  ASSERT_TRUE(tails_.stream(0).ended);
  ASSERT_TRUE(tails_.stream(1).ended);
  fs::remove(log_path_ + ".1");
  fs::remove(log_path_ + ".2");
  for (const size_t i : {0U, 1U}) {
    Rotate(Lines(30 + 10 * i, 40 + 10 * i));
    os_.Pretend(log_path_, tails_.stream(i).file.inode);
  }
  Rotate(Lines(50, 60));
  Run(absl::Seconds(1));
  EXPECT_EQ(tails_.all, Lines(0, 60)) << Story();
}

TEST_F(FileSourceTest, ALinksTargetIsRotatedBetweenTwoLooks) {
  fs::create_directory(dir_ / "pods");
  const std::string real = dir_ / "pods/0.log";
  WriteBytes(real, Lines(0, 10));
  fs::create_symlink(real, log_path_);
  options_.paths = {log_path_};
  Start();
  for (size_t n = 1; n < 4; ++n) {
    fs::rename(real, real + ".20261121-15000" + std::to_string(n));
    WriteBytes(real, Lines(10 * n, 10 + 10 * n));
  }
  Run(absl::Seconds(1));
  EXPECT_EQ(tails_.all, Lines(0, 40)) << Story();
}

// Nothing was read from the file, so its content cannot be compared.
TEST_F(FileSourceTest, AFileCopiedAndTruncatedBeforeItIsReadComesFirst) {
  for (const bool is_in_glob : {false, true}) {
    for (int turns = 0; turns < 6; ++turns) {
      SCOPED_TRACE(std::to_string(turns) + (is_in_glob ? " turns, in the glob" : " turns"));
      const std::string path = dir_ / (std::to_string(turns) + (is_in_glob ? "g.log" : ".log"));
      options_.paths = {path + (is_in_glob ? "*" : "")};
      tails_ = FakeTails();
      const auto copy_and_truncate = [&](const std::string& bytes) {
        if (fs::exists(path + ".1")) fs::rename(path + ".1", path + ".2");
        fs::copy_file(path, path + ".1");
        Stamp(path + ".1");
        WriteBytes(path, bytes);
        Stamp(path);
      };
      WriteBytes(path, Lines(0, 10));
      Stamp(path);
      Start();
      copy_and_truncate(Lines(10, 30));
      for (int turn = 0; turn < turns; ++turn) {
        source_->Turn();
        os_.Advance(absl::Milliseconds(60));
      }
      copy_and_truncate(Lines(30, 35));
      Run(absl::Seconds(10));
      EXPECT_EQ(tails_.all, Lines(0, 35)) << Story();
      ASSERT_THAT(tails_.order, SizeIs(3)) << Story();
      for (size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(tails_.stream(i).file.path, path);
        EXPECT_EQ(tails_.stream(i).file.after, i == 0 ? "" : tails_.order[i - 1]) << Story();
      }
      EXPECT_EQ(Lost(), 0U);
      Stop();
    }
  }
}

TEST_F(FileSourceTest, ALinksTargetIsFoundAgainWhileTheLinkIsBroken) {
  fs::create_directory(dir_ / "pods");
  const std::string real = dir_ / "pods/0.log";
  const auto rotated = [&](int n) { return real + ".20261121-15000" + std::to_string(n); };
  WriteBytes(real, Lines(0, 10));
  fs::create_symlink(real, log_path_);
  options_.paths = {log_path_};
  Start();
  Stop();
  // Two rotations: this process never saw the second file where the link points to.
  fs::rename(real, rotated(1));
  WriteBytes(real, Lines(10, 20));
  fs::rename(real, rotated(2));
  WriteBytes(real, Lines(20, 30));
  Start();
  Run(absl::Seconds(1));
  ASSERT_THAT(tails_.order, SizeIs(3)) << Story();
  EXPECT_EQ(tails_.stream(1).file.real, real);
  fs::rename(real, rotated(3));
  Restart();
  Append(rotated(2), Lines(30, 31));
  Run(absl::Seconds(1));
  EXPECT_EQ(Bytes(1), Lines(10, 20) + Lines(30, 31)) << Story();
  WriteBytes(real, Lines(31, 40));
  Run(absl::Seconds(10));
  EXPECT_EQ(tails_.all.size(), Lines(0, 40).size()) << Story();
  EXPECT_EQ(Lost(), 0U);
}

TEST_F(FileSourceTest, AFileIsReadToItsEndThoughItsLinkIsGone) {
  fs::create_directory(dir_ / "pods");
  WriteBytes(dir_ / "pods/0.log", Lines(0, 10));
  fs::create_symlink(dir_ / "pods/0.log", log_path_);
  options_.paths = {log_path_};
  Start();
  Stop();
  Append(dir_ / "pods/0.log", Lines(10, 20));
  fs::remove(log_path_);
  Start();
  EXPECT_EQ(Bytes(0), Lines(0, 20)) << Story();
  EXPECT_EQ(Said("vanished"), 0U);
}

TEST_F(FileSourceTest, ALineCutByARotationGoesOnInTheSuccessor) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 3) + "half ");
  Start();
  fs::rename(log_path_, log_path_ + ".1");
  WriteBytes(log_path_, "");
  Run();
  EXPECT_THAT(tails_.order, SizeIs(1)) << "the successor waits";
  Append(log_path_, "a li");
  Run();
  EXPECT_THAT(tails_.order, SizeIs(1));
  Append(log_path_, "ne\n" + Lines(3, 5));
  Run(absl::Seconds(1));
  EXPECT_EQ(tails_.stream(0).continued, "a line\n");
  ASSERT_THAT(tails_.order, SizeIs(2));
  EXPECT_EQ(Bytes(1), "a line\n" + Lines(3, 5));
}

TEST_F(FileSourceTest, ACutLineMayGoOnOverSeveralFiles) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, "one ");
  Start();
  fs::rename(log_path_, log_path_ + ".2");
  WriteBytes(log_path_ + ".1", "two ");
  WriteBytes(log_path_, "three\nfour\n");
  Run(absl::Seconds(10));
  EXPECT_EQ(tails_.stream(0).continued, "two three\n");
  EXPECT_THAT(tails_.order, SizeIs(3));
}

TEST_F(FileSourceTest, ASuccessorDoesNotWaitForEverForAContinuation) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, "half ");
  Start();
  fs::rename(log_path_, log_path_ + ".1");
  WriteBytes(log_path_, "");
  Run(absl::Seconds(10));
  EXPECT_TRUE(tails_.stream(0).ended);
  EXPECT_TRUE(source_->AtEnd());
  Append(log_path_, Lines(0, 1));
  Run();
  EXPECT_EQ(Bytes(1), Lines(0, 1));
}

TEST_F(FileSourceTest, ACutLineIsWaitedForWhileItGrowsAndNeedNoNewline) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, "half ");
  Start();
  fs::rename(log_path_, log_path_ + ".1");
  std::string rest = "a";
  WriteBytes(log_path_, rest);
  for (int i = 0; i < 5; ++i) {
    Run(options_.rotate_wait - absl::Seconds(1));
    EXPECT_FALSE(tails_.stream(0).ended) << i;
    Append(log_path_, " line");
    rest += " line";
  }
  Run(options_.rotate_wait + absl::Seconds(1));
  EXPECT_TRUE(tails_.stream(0).ended);
  EXPECT_EQ(tails_.stream(0).continued, rest);
  EXPECT_EQ(Bytes(1), rest);
}

TEST_F(FileSourceTest, FilesWrittenToInOneMomentKeepTheirOrder) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 3));
  const fs::file_time_type moment = fs::last_write_time(log_path_);
  Start();
  Rotate(Lines(3, 20) + "half ");
  fs::last_write_time(log_path_, moment);
  Run();
  ASSERT_EQ(Bytes(1), Lines(3, 20) + "half ") << Story();
  Stop();
  for (const int n : {1, 0}) {
    const std::string name = n == 0 ? log_path_ : log_path_ + "." + std::to_string(n);
    fs::rename(name, log_path_ + "." + std::to_string(n + 1));
  }
  Start();
  WriteBytes(log_path_, "a line\n");
  Run(absl::Seconds(1));
  EXPECT_EQ(tails_.stream(1).continued, "a line\n") << Story();
}

// The glob finds the rotated files too.
TEST_P(FileSourceWatchTest, RotatedFilesThatAGlobFindsAreNotReadAgain) {
  options_.paths = {dir_ / "driver.log*"};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  std::string expected = Lines(0, 10);
  for (size_t rotation = 1; rotation <= 5; ++rotation) {
    for (size_t n = rotation; n > 0; --n) {
      const std::string from = n == 1 ? log_path_ : log_path_ + "." + std::to_string(n - 1);
      fs::rename(from, log_path_ + "." + std::to_string(n));
    }
    if (rotation % 2 == 0) Look();
    WriteBytes(log_path_, Lines(10 * rotation, 10 * rotation + 10));
    expected += Lines(10 * rotation, 10 * rotation + 10);
    Look();
  }
  Run(absl::Minutes(10));
  EXPECT_EQ(tails_.all, expected);
  EXPECT_EQ(source_->files(), 6U);
  Restart();
  Run(absl::Minutes(2));
  EXPECT_EQ(tails_.all, expected);
}

// A process keeps writing to the renamed file long after.
TEST_F(FileSourceTest, ARotatedFileThatAGlobFindsMayGrowLater) {
  options_.paths = {dir_ / "driver.log*"};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  fs::rename(log_path_, log_path_ + ".1");
  WriteBytes(log_path_, "");
  Run(absl::Minutes(10));
  Append(log_path_ + ".1", Lines(10, 20));
  Run(absl::Seconds(1));
  EXPECT_EQ(tails_.all, Lines(0, 20));
  Run(absl::Minutes(10));
  Append(log_path_ + ".1", Lines(20, 30));
  Run(absl::Minutes(2));
  EXPECT_EQ(tails_.all, Lines(0, 30));
  Restart();
  Append(log_path_ + ".1", Lines(30, 40));
  Run(absl::Minutes(2));
  EXPECT_EQ(tails_.all, Lines(0, 40));
}

TEST_F(FileSourceTest, AnUnreadableFileDoesNotHoldUpItsSuccessorForEver) {
  options_.paths = {log_path_};
  options_.deleted_wait = absl::Minutes(10);
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  Append(log_path_, Lines(10, 20));
  fs::rename(log_path_, log_path_ + ".1");
  WriteBytes(log_path_, Lines(20, 30));
  const uint64_t inode = os_.RealInode(log_path_ + ".1");
  (void)inode;
  os_.Fail({.from_then_on = true, .calls = {FaultyOs::Call::kReadAt}});
  Run(absl::Seconds(1));
  os_.Heal();
  Run(absl::Seconds(3));
  EXPECT_EQ(tails_.all, Lines(0, 30));
}

// ---------------------------------------------------------------- copied and truncated

TEST_P(FileSourceWatchTest, ATruncatedFileBeginsAnew) {
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  fs::resize_file(log_path_, 0);
  Look();
  Append(log_path_, Lines(10, 20));
  Look();
  ASSERT_THAT(tails_.order, SizeIs(2));
  EXPECT_EQ(Bytes(0), Lines(0, 10));
  EXPECT_EQ(Bytes(1), Lines(10, 20));
  EXPECT_TRUE(tails_.stream(0).ended);
  EXPECT_EQ(tails_.stream(1).file.after, tails_.order[0]);
  EXPECT_EQ(source_->status().truncations, 1U);
  EXPECT_EQ(Lost(), 0U);
}

TEST_P(FileSourceWatchTest, ATruncationIsSeenWhenTheFileHasGrownPastItsOldSize) {
  const std::string banner = "the same banner in each run\n";
  WriteBytes(log_path_, banner + Lines(0, 10));
  Start();
  fs::resize_file(log_path_, 0);
  Append(log_path_, banner + Lines(100, 200));
  Look();
  EXPECT_EQ(tails_.all, banner + Lines(0, 10) + banner + Lines(100, 200));
  EXPECT_EQ(source_->status().truncations, 1U);
}

TEST_P(FileSourceWatchTest, ATruncationIsSeenWhenTheFileHasItsOldSizeAgain) {
  WriteBytes(log_path_, Lines(10, 20));
  Start();
  fs::resize_file(log_path_, 0);
  Append(log_path_, Lines(30, 40));
  Look();
  EXPECT_EQ(tails_.all, Lines(10, 20) + Lines(30, 40));
}

// Events of equal length end alike, so the head decides.
TEST_P(FileSourceWatchTest, ATruncationIsSeenThoughTheSameStandsAtTheOldPlace) {
  const std::string record = std::string(300, '.') + "\n";
  for (const size_t records : {1U, 40U}) {
    tails_ = FakeTails();
    WriteBytes(log_path_, Lines(0, 1));
    for (size_t n = 0; n < records; ++n) Append(log_path_, record);
    Start();
    const std::string first = tails_.all;
    fs::resize_file(log_path_, 0);
    std::string second = Lines(1, 2);
    for (size_t n = 0; n < records + 3; ++n) second += record;
    Append(log_path_, second);
    Look();
    EXPECT_EQ(tails_.all, first + second) << Story();
    Stop();
  }
}

// Started in the middle of a copytruncate: the incomplete copy is not a file of its own.
TEST_P(FileSourceWatchTest, ACopyInTheMakingIsNotReadBesideItsOriginal) {
  for (const bool glob_finds_it : {false, true}) {
    for (const size_t copied : {0U, 15U, 30U}) {
      tails_ = FakeTails();
      TempDir dir;
      const std::string path = dir / "driver.log";
      options_.paths = {glob_finds_it ? path + "*" : path};
      WriteBytes(path, Lines(0, 10));
      Stamp(path);
      Start();
      Stop();
      fs::rename(path, path + ".2");
      WriteBytes(path, Lines(10, 40));
      Stamp(path);
      WriteBytes(path + ".1", Lines(10, 10 + copied));
      Stamp(path + ".1");
      Start();
      Run(absl::Seconds(1));
      EXPECT_EQ(tails_.all, Lines(0, 40)) << copied << Story();
      WriteBytes(path + ".1", Lines(10, 40));
      Stamp(path + ".1");
      fs::resize_file(path, 0);
      Append(path, Lines(40, 50));
      Stamp(path);
      Look();
      Run(absl::Seconds(10));
      EXPECT_EQ(tails_.all, Lines(0, 50)) << copied << Story();
      EXPECT_EQ(Lost(), 0U);
      Stop();
    }
  }
}

TEST_P(FileSourceWatchTest, BytesInACopyAreReadFromIt) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  Append(log_path_, Lines(10, 20));
  fs::copy_file(log_path_, log_path_ + ".1");
  fs::resize_file(log_path_, 0);
  Append(log_path_, Lines(20, 30));
  Look();
  Run(absl::Seconds(10));
  EXPECT_EQ(tails_.all, Lines(0, 30));
  ASSERT_THAT(tails_.order, SizeIs(2));
  EXPECT_EQ(Bytes(0), Lines(0, 20));
  EXPECT_EQ(Lost(), 0U);
  EXPECT_EQ(source_->status().open_files, 1U);
}

TEST_P(FileSourceWatchTest, CopiedAndTruncatedAgainWhileItWaits) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  Append(log_path_, Lines(10, 20));
  tails_.has_room = false;
  for (size_t n = 20; n < 60; n += 10) {
    Look();
    for (int i = 4; i > 0; --i) {
      const std::string from = log_path_ + "." + std::to_string(i);
      if (fs::exists(from)) fs::rename(from, log_path_ + "." + std::to_string(i + 1));
    }
    fs::copy_file(log_path_, log_path_ + ".1");
    fs::resize_file(log_path_, 0);
    Append(log_path_, Lines(n, n + 10));
  }
  Look();
  tails_.has_room = true;
  Look();
  EXPECT_EQ(tails_.all, Lines(0, 60)) << Story();
  EXPECT_EQ(Lost(), 0U);
}

TEST_P(FileSourceWatchTest, ACopyThatAGlobFindsIsNotSentAgain) {
  options_.paths = {dir_ / "driver.log*"};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  for (size_t rotation = 1; rotation <= 5; ++rotation) {
    Append(log_path_, Lines(20 * rotation - 10, 20 * rotation));
    Look();
    for (size_t n = rotation; n > 1; --n) {
      fs::rename(log_path_ + "." + std::to_string(n - 1), log_path_ + "." + std::to_string(n));
    }
    fs::copy_file(log_path_, log_path_ + ".1");
    fs::resize_file(log_path_, 0);
    if (rotation % 2 == 0) Look();
    Append(log_path_, Lines(20 * rotation, 20 * rotation + 10));
    Look();
  }
  Run(absl::Minutes(10));
  EXPECT_EQ(tails_.all, Lines(0, 110));
  Restart();
  Run(absl::Minutes(2));
  EXPECT_EQ(tails_.all, Lines(0, 110));
  EXPECT_EQ(Lost(), 0U);
}

// The copy is there before the truncation, for as long as copying takes.
TEST_P(FileSourceWatchTest, ACopyInTheMakingIsNotReadAsAnotherFile) {
  options_.paths = {dir_ / "driver.log*"};
  WriteBytes(log_path_, Lines(0, 100));
  Start();
  WriteBytes(log_path_ + ".1", Lines(0, 50));
  Look();
  Append(log_path_ + ".1", Lines(50, 100));
  Look();
  fs::resize_file(log_path_, 0);
  Append(log_path_, Lines(100, 110));
  Look();
  Run(absl::Seconds(10));
  // Until it is truncated, nothing tells a copy from a file of its own.
  const std::string& all = tails_.all;
  EXPECT_THAT(all, ::testing::EndsWith(Lines(100, 110)));
  EXPECT_EQ(Lost(), 0U);
}

TEST_P(FileSourceWatchTest, TruncatedAndRotatedTwiceBetweenTwoLooks) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 100));
  Stamp(log_path_);
  Start();
  fs::copy_file(log_path_, log_path_ + ".1");
  Look();
  fs::resize_file(log_path_, 0);
  Append(log_path_, Lines(100, 104));
  Stamp(log_path_ + ".1");
  Stamp(log_path_);
  for (size_t rotation = 1; rotation <= 2; ++rotation) {
    fs::rename(log_path_ + "." + std::to_string(rotation),
               log_path_ + "." + std::to_string(rotation + 1));
    if (rotation == 2) fs::rename(log_path_ + ".1", log_path_ + ".2");
    fs::rename(log_path_, log_path_ + ".1");
    if (rotation == 2) break;
    WriteBytes(log_path_, Lines(104, 198));
    Stamp(log_path_);
  }
  Run(absl::Milliseconds(393));
  WriteBytes(log_path_, Lines(198, 300));
  Stamp(log_path_);
  Look();
  Run(absl::Seconds(10));
  EXPECT_EQ(Ranges(tails_.all), " 0-299") << Story();
}

TEST_P(FileSourceWatchTest, LossByTruncationIsCountedToTheByte) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 10));
  tails_.room = 100;
  tails_.most = 100;
  Start();
  Append(log_path_, Lines(10, 20));
  Run(absl::Seconds(3));
  fs::resize_file(log_path_, 0);
  Append(log_path_, "new\n");
  tails_.room = UINT64_MAX;
  Look();
  Run(absl::Seconds(10));
  EXPECT_EQ(Bytes(0).size(), 100U);
  EXPECT_EQ(Bytes(1), "new\n");
  EXPECT_EQ(Lost(), Lines(0, 20).size() - 100);
  EXPECT_EQ(Said("bytes were lost"), 1U);
}

TEST_F(FileSourceTest, AShorterCopyLosesWhatItLacks) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 20));
  tails_.room = 100;
  tails_.most = 100;
  Start();
  WriteBytes(log_path_ + ".1", Lines(0, 15));
  fs::resize_file(log_path_, 0);
  tails_.room = UINT64_MAX;
  Run(absl::Seconds(10));
  EXPECT_EQ(Bytes(0), Lines(0, 15));
  EXPECT_EQ(Lost(), Lines(0, 20).size() - Lines(0, 15).size());
}

// ---------------------------------------------------------------- deleted

TEST_P(FileSourceWatchTest, ADeletedFileIsReadToItsEnd) {
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  std::ofstream writer(log_path_, std::ios::app);
  writer << Lines(10, 20) << std::flush;
  fs::remove(log_path_);
  writer << Lines(20, 30) << std::flush;
  Look();
  writer << Lines(30, 40) << std::flush;
  Look();
  EXPECT_EQ(Bytes(0), Lines(0, 40));
  WriteBytes(log_path_, Lines(40, 50));
  Look();
  Run(absl::Seconds(10));
  EXPECT_EQ(tails_.all, Lines(0, 50));
  EXPECT_EQ(source_->status().open_files, 1U);
  EXPECT_TRUE(tails_.stream(0).ended);
  EXPECT_EQ(Lost(), 0U);
  Stop();
  EXPECT_EQ(os_.open_files(), 0U);
}

TEST_F(FileSourceTest, DeletedFilesThatCanNotBeReadAreHeldByBytes) {
  options_.deleted_bytes = 1000;
  WriteBytes(log_path_, Lines(0, 100));
  tails_.room = 500;
  tails_.most = 500;
  Start();
  fs::remove(log_path_);
  Run(absl::Seconds(10));
  EXPECT_EQ(Bytes(0).size(), 500U);
  EXPECT_EQ(Lost(), Lines(0, 100).size() - 500);
  EXPECT_EQ(os_.open_files(), 1U);  // inotify
}

TEST_F(FileSourceTest, DeletedFilesThatCanNotBeReadAreHeldByTime) {
  options_.deleted_wait = absl::Minutes(10);
  WriteBytes(log_path_, Lines(0, 100));
  tails_.room = 500;
  tails_.most = 500;
  Start();
  fs::remove(log_path_);
  Run(absl::Minutes(9));
  EXPECT_EQ(os_.open_files(), 2U);
  EXPECT_EQ(Lost(), 0U);
  Run(absl::Minutes(2));
  EXPECT_EQ(Lost(), Lines(0, 100).size() - 500);
  EXPECT_EQ(os_.open_files(), 1U);
}

// A file that is still at a path is kept, however long there is no room.
TEST_F(FileSourceTest, RenamedFilesWaitForAsLongAsItTakes) {
  options_.paths = {log_path_};
  options_.deleted_wait = absl::Minutes(10);
  options_.deleted_bytes = 1000;
  WriteBytes(log_path_, Lines(0, 1000));
  tails_.room = 500;
  tails_.most = 500;
  Start();
  fs::rename(log_path_, log_path_ + ".1");
  WriteBytes(log_path_, Lines(1000, 1100));
  Run(absl::Hours(2));
  EXPECT_EQ(Lost(), 0U);
  tails_.room = UINT64_MAX;
  Run(absl::Minutes(1));
  EXPECT_EQ(tails_.all, Lines(0, 1100));
}

TEST_F(FileSourceTest, ManyFilesThatLiveForMomentsAreAllRead) {
  Start();
  std::string expected;
  for (size_t n = 0; n < 50; ++n) {
    const std::string path = dir_ / (std::to_string(n) + ".log");
    WriteBytes(path, Lines(n, n + 1));
    Run();
    fs::remove(path);
    Run();
  }
  Run(absl::Minutes(2));
  EXPECT_EQ(tails_.all, Lines(0, 50));
  EXPECT_EQ(source_->files(), 0U);
  EXPECT_EQ(os_.open_files(), 1U);
}

// ---------------------------------------------------------------- inodes

TEST_P(FileSourceWatchTest, ANewFileMayHaveTheInodeOfOneThatWasRead) {
  options_.paths = {dir_ / "driver.log*"};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  fs::rename(log_path_, log_path_ + ".1");
  WriteBytes(log_path_, Lines(10, 20));
  Look();
  Run(absl::Minutes(10));  // both are closed
  const uint64_t inode = os_.RealInode(log_path_ + ".1");
  // Rotated again, in one go: the oldest is deleted, and the newest has its inode.
  fs::remove(log_path_ + ".1");
  fs::rename(log_path_, log_path_ + ".1");
  WriteBytes(log_path_, Lines(20, 25));
  os_.Pretend(log_path_, inode);
  Look();
  Run(absl::Seconds(10));
  EXPECT_EQ(tails_.all, Lines(0, 25));
  Append(log_path_, Lines(25, 50));
  Look();
  Run(absl::Minutes(2));
  EXPECT_EQ(tails_.all, Lines(0, 50));
  EXPECT_EQ(Lost(), 0U);
}

TEST_P(FileSourceWatchTest, ANewFileMayHaveTheInodeOfAClosedOne) {
  for (const size_t lines : {5, 10, 15}) {
    SCOPED_TRACE(lines);
    tails_ = FakeTails();
    WriteBytes(log_path_, Lines(10, 20));
    Start();
    Run(absl::Minutes(10));
    const uint64_t inode = os_.RealInode(log_path_);
    fs::rename(log_path_, dir_ / "elsewhere");
    WriteBytes(log_path_, Lines(30, 30 + lines));
    os_.Pretend(log_path_, inode);
    Look();
    Run(absl::Seconds(10));
    EXPECT_EQ(tails_.all, Lines(10, 20) + Lines(30, 30 + lines));
    Stop();
    fs::remove(log_path_);
  }
}

TEST_F(FileSourceTest, AShortFileThatEndedDoesNotClaimOneThatBeginsAlike) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, "li");
  Start();
  Rotate("line of the next\n");
  Run(absl::Seconds(20));
  ASSERT_TRUE(tails_.stream(0).ended);
  Stop();
  fs::remove(log_path_ + ".1");
  fs::rename(log_path_, log_path_ + ".1");
  WriteBytes(log_path_, "line of the one after\n");
  Start();
  Run(absl::Seconds(1));
  ASSERT_THAT(tails_.order, SizeIs(3)) << Story();
  EXPECT_EQ(Bytes(2), "line of the one after\n");
}

TEST_P(FileSourceWatchTest, TheSuccessorOfAFileHiddenAtTheStartIsRead) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 10));
  Stamp(log_path_);
  Start();
  Stop();
  Rotate(Lines(10, 20));
  Stamp(log_path_);
  Rotate(Lines(20, 30));
  Stamp(log_path_);
  os_.Fail({.calls = {FaultyOs::Call::kOpenToFollow}, .path_contains = ".log.2"});
  Start();
  Run(absl::Seconds(10));
  EXPECT_EQ(os_.failed(), 1U);
  EXPECT_EQ(Sorted(tails_.all), Lines(0, 30)) << Story();
  EXPECT_EQ(Lost(), 0U);
}

TEST_P(FileSourceWatchTest, AnEndedFileThatIsRememberedMayBeHiddenWhileItIsRenamed) {
  options_.paths = {log_path_ + "*"};
  const std::string first = Lines(0, 10) + "half ";
  const std::string second = "a line\n" + Lines(10, 20);
  WriteBytes(log_path_, first);
  Start();
  Rotate(second);
  Look();
  Run(absl::Seconds(20));
  ASSERT_TRUE(tails_.stream(0).ended);
  Restart();
  os_.Fail({.calls = {FaultyOs::Call::kStatPath}, .path_contains = ".log.2"});
  Rotate(Lines(20, 30));
  Look();
  Run(absl::Seconds(10));
  EXPECT_EQ(os_.failed(), 1U);
  EXPECT_EQ(tails_.all, first + second + Lines(20, 30)) << Story();
}

TEST_F(FileSourceTest, AnEndedFileThatIsRememberedMayHaveLeftItsInodeToAnother) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  fs::remove(log_path_);
  Run(absl::Seconds(10));
  ASSERT_TRUE(tails_.stream(0).ended);
  const uint64_t inode = tails_.stream(0).file.inode;
  Stop();
  WriteBytes(log_path_, Lines(10, 15));
  os_.Pretend(log_path_, inode);
  Start();
  EXPECT_EQ(tails_.all, Lines(0, 15));
  Append(log_path_, Lines(15, 40));
  Run();
  EXPECT_EQ(tails_.all, Lines(0, 40));
}

// ---------------------------------------------------------------- closed

TEST_F(FileSourceTest, MoreFilesThanDescriptors) {
  most_descriptors_ = ::dup(STDIN_FILENO) + 10;
  ::close(most_descriptors_ - 10);
  const auto path = [&](size_t n) { return dir_ / (std::to_string(n) + ".log"); };
  for (size_t n = 0; n < 100; ++n) WriteBytes(path(n), Lines(0, 5));
  Start();
  for (size_t round = 1; round < 5; ++round) {
    for (size_t n = 0; n < 100; ++n) Append(path(n), Lines(5 * round, 5 * round + 5));
    Run(absl::Seconds(2));
    EXPECT_LE(source_->status().open_files, 20U);
  }
  ASSERT_THAT(tails_.order, SizeIs(100));
  for (size_t n = 0; n < 100; ++n) EXPECT_EQ(Bytes(n), Lines(0, 25));
  EXPECT_EQ(Lost(), 0U);
}

// The descriptors belong to others, such as another source or the parent process.
TEST_P(FileSourceWatchTest, NoDescriptorsAreLeft) {
  most_descriptors_ = 0;
  WriteBytes(log_path_, Lines(0, 10));
  WriteBytes(dir_ / "other.log", Lines(100, 110));
  Start();
  Append(log_path_, Lines(10, 20));
  Look();
  EXPECT_EQ(tails_.all, Lines(0, 10) + Lines(100, 110) + Lines(10, 20));
  Run(absl::Seconds(2));
  EXPECT_EQ(source_->status().open_files, 0U);
  Append(log_path_, Lines(20, 30));
  Rotate(Lines(30, 40));
  Look();
  Run(absl::Seconds(10));
  EXPECT_EQ(tails_.all, Lines(0, 10) + Lines(100, 110) + Lines(10, 40)) << Story();
  EXPECT_EQ(source_->status().open_files, 0U);
  EXPECT_EQ(Lost(), 0U);
}

TEST_P(FileSourceWatchTest, IdleFilesAreClosedAndOpenedAgain) {
  options_.close_idle = absl::Minutes(1);
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  const size_t idle = os_.open_files() - 1;
  Run(absl::Minutes(3));
  EXPECT_EQ(os_.open_files(), idle);
  EXPECT_EQ(source_->status().open_files, 0U);
  EXPECT_EQ(source_->status().streams, 1U);
  Append(log_path_, Lines(10, 20));
  Look();
  EXPECT_EQ(tails_.all, Lines(0, 20));
  EXPECT_EQ(os_.open_files(), idle + 1);
  EXPECT_THAT(tails_.order, SizeIs(1));
}

TEST_P(FileSourceWatchTest, AClosedFileMayBeRenamed) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  Run(absl::Minutes(10));
  Append(log_path_, Lines(10, 20));
  fs::rename(log_path_, log_path_ + ".1");
  WriteBytes(log_path_, Lines(20, 30));
  Look();
  Run(absl::Seconds(10));
  EXPECT_EQ(tails_.all, Lines(0, 30));
  EXPECT_EQ(Lost(), 0U);
}

TEST_P(FileSourceWatchTest, AClosedFileMayBeCopiedAndTruncated) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  Run(absl::Minutes(10));
  Append(log_path_, Lines(10, 20));
  fs::copy_file(log_path_, log_path_ + ".1");
  fs::resize_file(log_path_, 0);
  Append(log_path_, Lines(20, 25));
  Look();
  Run(absl::Seconds(10));
  EXPECT_EQ(tails_.all, Lines(0, 25));
  EXPECT_EQ(Lost(), 0U);
}

TEST_P(FileSourceWatchTest, AClosedFileMayBeCopiedTruncatedAndRenamed) {
  for (const std::string& glob : {log_path_, log_path_ + "*"}) {
    tails_ = FakeTails();
    options_.paths = {glob};
    WriteBytes(log_path_, Lines(0, 10));
    Stamp(log_path_);
    Start();
    Run(absl::Minutes(10));
    fs::copy_file(log_path_, log_path_ + ".2");
    Stamp(log_path_ + ".2");
    WriteBytes(log_path_, Lines(10, 15));
    Stamp(log_path_);
    fs::rename(log_path_, log_path_ + ".1");
    WriteBytes(log_path_, Lines(15, 20));
    Stamp(log_path_);
    Look();
    Run(absl::Seconds(10));
    EXPECT_EQ(tails_.all, Lines(0, 20)) << glob << Story();
    EXPECT_EQ(Lost(), 0U);
    Stop();
    for (const std::string end : {"", ".1", ".2"}) fs::remove(log_path_ + end);
  }
}

TEST_P(FileSourceWatchTest, AClosedFileMayBeDeletedOrReplaced) {
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  Run(absl::Minutes(10));
  fs::remove(log_path_);
  Look();
  Run(absl::Seconds(10));
  EXPECT_TRUE(tails_.stream(0).ended);
  EXPECT_EQ(source_->files(), 0U);
  WriteBytes(log_path_, Lines(10, 20));
  Look();
  EXPECT_EQ(tails_.all, Lines(0, 20));
  EXPECT_EQ(Lost(), 0U);
}

TEST_F(FileSourceTest, LossOfAClosedFileIsCounted) {
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  Run(absl::Minutes(10));
  // Seen in its directory, but not yet read, when it goes.
  os_.Fail({.from_then_on = true, .calls = {FaultyOs::Call::kOpenToFollow}});
  Append(log_path_, Lines(10, 20));
  Run(absl::Minutes(2));
  fs::remove(log_path_);
  os_.Heal();
  Run(absl::Seconds(10));
  EXPECT_EQ(Lost(), Lines(10, 20).size());
  EXPECT_EQ(tails_.all, Lines(0, 10));
}

// ---------------------------------------------------------------- resuming

TEST_F(FileSourceTest, ResumesWhereItStopped) {
  WriteBytes(log_path_, Lines(0, 10) + "half a");
  WriteBytes(dir_ / "other.log", Lines(50, 60));
  Start();
  Stop();
  Append(log_path_, " line\n");
  Append(dir_ / "other.log", Lines(60, 61));
  Start();
  ASSERT_THAT(tails_.order, SizeIs(2));
  EXPECT_EQ(Bytes(0), Lines(0, 10) + "half a line\n");
  EXPECT_EQ(tails_.stream(0).begin, Lines(0, 10).size());
  EXPECT_EQ(Bytes(1), Lines(50, 61));
}

TEST_F(FileSourceTest, RotatedWhileItWasDown) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  Stop();
  Append(log_path_, Lines(10, 20));
  for (size_t rotation = 1; rotation <= 25; ++rotation) {
    for (size_t n = rotation; n > 0; --n) {
      const std::string from = n == 1 ? log_path_ : log_path_ + "." + std::to_string(n - 1);
      fs::rename(from, log_path_ + "." + std::to_string(n));
    }
    WriteBytes(log_path_, Lines(10 + 10 * rotation, 20 + 10 * rotation));
  }
  Start();
  Run(absl::Seconds(1));
  EXPECT_EQ(tails_.all, Lines(0, 270));
  Run(absl::Seconds(10));
  EXPECT_EQ(source_->status().open_files, 1U);
  EXPECT_EQ(Lost(), 0U);
  EXPECT_TRUE(source_->AtEnd());
}

// Stopped while a renamed file may still be written to, and its successor is read already.
// One of two sinks may have a cursor in a successor, while the other one lacks a part of the file.
TEST_F(FileSourceTest, AFileWaitsForTheOneBeforeItWhenAProcessBegins) {
  for (const std::string glob : {"driver.log", "driver.log*"}) {
    options_.paths = {dir_ / glob};
    tails_ = FakeTails();
    WriteBytes(log_path_, Lines(0, 10));
    Start();
    Append(log_path_, Lines(10, 11).substr(0, 5));
    Run();
    Rotate(Lines(10, 11).substr(5) + Lines(11, 20));
    Run(absl::Seconds(1));
    ASSERT_EQ(tails_.all, Lines(0, 20));
    Stop();
    FakeTails::Stream& first = tails_.streams[tails_.order[0]];
    first.bytes.resize(Lines(0, 10).size());
    first.continued.clear();
    first.ended = false;
    tails_.streams[tails_.order[1]].bytes.clear();
    tails_.all = Lines(0, 10);
    Start();
    Run(absl::Seconds(1));
    EXPECT_EQ(tails_.all, Lines(0, 20)) << Story();
    Stop();
    fs::remove(log_path_);
    fs::remove(log_path_ + ".1");
  }
}

TEST_F(FileSourceTest, TruncatedBetweenLookingAndReading) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  Stop();
  FileSource::Parts parts{&os_, &log_, "logs", options_, &tails_};
  source_ = std::make_unique<FileSource>(parts);
  ASSERT_TRUE(source_->Open(tails_.Remembered()).ok());
  WriteBytes(log_path_, Lines(10, 60));
  Run(absl::Seconds(1));
  EXPECT_EQ(tails_.all, Lines(0, 60)) << Story();
}

TEST_F(FileSourceTest, StoppedRightAfterARotation) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  fs::rename(log_path_, log_path_ + ".1");
  WriteBytes(log_path_, Lines(10, 20));
  Run(absl::Seconds(1));
  ASSERT_THAT(tails_.order, SizeIs(2));
  ASSERT_FALSE(tails_.stream(0).ended);
  Restart();
  Run(absl::Seconds(10));
  EXPECT_EQ(tails_.all, Lines(0, 20));
  EXPECT_TRUE(tails_.stream(0).ended);
  EXPECT_EQ(source_->status().open_files, 1U);
  EXPECT_TRUE(source_->AtEnd());
}

TEST_F(FileSourceTest, CopiedAndTruncatedWhileItWasDown) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  Stop();
  Append(log_path_, Lines(10, 20));
  fs::copy_file(log_path_, log_path_ + ".2");
  fs::resize_file(log_path_, 0);
  Append(log_path_, Lines(20, 60));
  fs::copy_file(log_path_, log_path_ + ".1");
  fs::resize_file(log_path_, 0);
  Append(log_path_, Lines(60, 70));
  Start();
  Run(absl::Seconds(10));
  EXPECT_EQ(tails_.all, Lines(0, 70));
  EXPECT_EQ(Lost(), 0U);
}

TEST_F(FileSourceTest, TruncatedWhileItWasDownIsCounted) {
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  Stop();
  fs::resize_file(log_path_, 0);
  Append(log_path_, Lines(20, 25));
  Start();
  Run(absl::Seconds(2));
  EXPECT_EQ(tails_.all, Lines(0, 10) + Lines(20, 25));
  EXPECT_EQ(Lost(), 0U);
  Append(log_path_, Lines(25, 60));
  Run();
  EXPECT_EQ(tails_.all, Lines(0, 10) + Lines(20, 60));
}

TEST_F(FileSourceTest, VanishedWhileItWasDownIsCounted) {
  WriteBytes(log_path_, Lines(0, 20));
  tails_.room = 100;
  tails_.most = 100;
  Start();
  tails_.streams.begin()->second.file.size = Lines(0, 20).size();
  const uint64_t settled = tails_.Remembered()[0].place.raw;
  Stop();
  fs::remove(log_path_);
  tails_.room = UINT64_MAX;
  Start();
  EXPECT_TRUE(tails_.stream(0).ended);
  EXPECT_EQ(Lost(), Lines(0, 20).size() - settled);
  EXPECT_EQ(Said("vanished"), 1U);
  Restart();
  EXPECT_EQ(Said("vanished"), 1U) << "once";
}

TEST_F(FileSourceTest, AnotherDeviceAndOtherInodes) {
  WriteBytes(log_path_, Lines(0, 10));
  WriteBytes(dir_ / "small.log", "s\n");
  Start();
  Stop();
  // Swapped, as after a copy to another volume.
  const uint64_t a = os_.RealInode(log_path_);
  const uint64_t b = os_.RealInode(dir_ / "small.log");
  os_.Pretend(log_path_, b);
  os_.Pretend(dir_ / "small.log", a);
  os_.MoveDevice();
  Append(log_path_, Lines(10, 20));
  Start();
  ASSERT_THAT(tails_.order, SizeIs(2));
  EXPECT_EQ(Bytes(0), Lines(0, 20));
  EXPECT_EQ(Bytes(1), "s\n");
  EXPECT_EQ(tails_.all.size(), Lines(0, 20).size() + 2);
}

TEST_F(FileSourceTest, AnExactCopyIsAnotherFile) {
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  Stop();
  // Found first, and has all that was read.
  fs::copy_file(log_path_, dir_ / "a copy.log");
  Append(dir_ / "a copy.log", "of the copy\n");
  Append(log_path_, Lines(10, 20));
  Start();
  ASSERT_THAT(tails_.order, SizeIs(2));
  EXPECT_EQ(Bytes(0), Lines(0, 20));
  EXPECT_EQ(Bytes(1), Lines(0, 10) + "of the copy\n");
}

TEST_F(FileSourceTest, FilesThatBeginAlikeAreTwo) {
  const std::string banner(8000, 'b');
  WriteBytes(dir_ / "a.log", banner);
  WriteBytes(dir_ / "b.log", banner);
  Start();
  Append(dir_ / "a.log", "a\n");
  Append(dir_ / "b.log", "b\n");
  Restart();
  WriteBytes(dir_ / "0.log", banner + "\n0\n");
  Restart();
  ASSERT_THAT(tails_.order, SizeIs(3));
  EXPECT_EQ(Bytes(0), banner + "a\n");
  EXPECT_EQ(Bytes(1), banner + "b\n");
  EXPECT_EQ(Bytes(2), banner + "\n0\n");
}

TEST_F(FileSourceTest, AnEmptyFileMayBeRenamedAndWrittenThen) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, "");
  Start();
  fs::rename(log_path_, log_path_ + ".1");
  WriteBytes(log_path_, "");
  Run(absl::Seconds(1));
  Append(log_path_ + ".1", Lines(0, 5));
  Append(log_path_, Lines(5, 10));
  Run(absl::Seconds(10));
  EXPECT_EQ(Bytes(0), Lines(0, 5));
  EXPECT_EQ(Bytes(1), Lines(5, 10));
}

// It has no cursor: a new process knows only the files around it.
TEST_F(FileSourceTest, TheSuccessorOfAnEmptyFileFollowsTheFileBeforeIt) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 5));
  Start();
  Rotate("");
  Run(absl::Seconds(10));
  Rotate("");
  Run(absl::Seconds(10));
  Rotate(Lines(5, 10));
  Run(absl::Seconds(10));
  ASSERT_EQ(tails_.all, Lines(0, 10));
  EXPECT_EQ(tails_.streams[tails_.order.back()].file.after, tails_.order.front());
}

TEST_F(FileSourceTest, FilesWithAnyBytesInTheirNamesAreResumed) {
  const std::string odd = dir_ / "gr\xfc\xdf \"x\"\n.log";
  WriteBytes(odd, Lines(0, 10));
  Start();
  Append(odd, Lines(10, 20));
  Restart();
  ASSERT_THAT(tails_.order, SizeIs(1));
  EXPECT_EQ(tails_.all, Lines(0, 20));
}

// ---------------------------------------------------------------- errors while looking

TEST_F(FileSourceTest, ADirectoryThatCantBeListedForAWhileEndsNothing) {
  WriteBytes(log_path_, Lines(0, 10));
  options_.watch = Watch::kPoll;
  options_.deleted_wait = absl::Minutes(1);
  Start();
  os_.Fail({.from_then_on = true, .calls = {FaultyOs::Call::kList}});
  Run(absl::Seconds(10));
  os_.Heal();
  Append(log_path_, Lines(10, 20));
  Run(absl::Minutes(5));
  Append(log_path_, Lines(20, 30));
  Run(absl::Seconds(2));
  EXPECT_THAT(tails_.order, SizeIs(1));
  EXPECT_EQ(Bytes(0), Lines(0, 30));
  EXPECT_TRUE(source_->AtEnd());
}

// ---------------------------------------------------------------- the end

TEST_F(FileSourceTest, AFileRenamedAwayForGoodDoesNotKeepItFromItsEnd) {
  options_.paths = {log_path_};
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  fs::rename(log_path_, dir_ / "kept");
  Run(absl::Seconds(10));
  EXPECT_TRUE(source_->AtEnd());
  EXPECT_EQ(tails_.all, Lines(0, 10));
}

TEST_F(FileSourceTest, TheLastBytesAreThoseOfTheFileThatGrewLast) {
  EXPECT_EQ((Start(), source_->LastBytes(10)), "");
  EXPECT_EQ(source_->grown(), absl::InfinitePast());
  WriteBytes(log_path_, Lines(0, 10));
  Run(absl::Seconds(1));
  WriteBytes(dir_ / "other.log", "the very last words\n");
  Run(absl::Seconds(1));
  EXPECT_EQ(source_->LastBytes(6), "words\n");
  Append(log_path_, "more\n");
  Run();
  EXPECT_EQ(source_->LastBytes(5), "more\n");
  EXPECT_EQ(source_->LastBytes(1000), Lines(0, 10) + "more\n");
  EXPECT_GT(source_->grown(), absl::FromUnixSeconds(1'795'276'340));
}

TEST_F(FileSourceTest, EndAllEndsAllOnce) {
  WriteBytes(log_path_, Lines(0, 10));
  WriteBytes(dir_ / "gone.log", Lines(0, 1));
  Start();
  fs::remove(dir_ / "gone.log");
  Run(absl::Seconds(10));
  source_->EndAll();
  source_->EndAll();
  for (const std::string& name : tails_.order) EXPECT_TRUE(tails_.streams[name].ended);
  EXPECT_EQ(os_.open_files(), 1U);
}

TEST_F(FileSourceTest, TailsThatWaitForTimeAreTickedUntilTheyDont) {
  tails_.waits_for_time = true;
  WriteBytes(log_path_, Lines(0, 10));
  Start();
  Run(absl::Seconds(10));
  EXPECT_GE(tails_.ticks, 9U);
  EXPECT_LE(tails_.ticks, 12U);
  tails_.waits_for_time = false;
  Run(absl::Seconds(2));
  const size_t ticks = tails_.ticks;
  Run(absl::Seconds(10));
  EXPECT_EQ(tails_.ticks, ticks);
  // A renamed file without a successor is no exception.
  options_.paths = {log_path_};
  Restart();
  tails_.waits_for_time = true;
  Append(log_path_, Lines(10, 11));
  fs::rename(log_path_, dir_ / "kept");
  Run(absl::Seconds(1));
  tails_.ticks = 0;
  Run(absl::Seconds(10));
  EXPECT_GE(tails_.ticks, 9U);
}

// ---------------------------------------------------------------- all of it, at random

// A log is written, rotated in all ways, and its reader stopped and started, in random order. Lines
// are numbered: each comes once, in order. In half of the rounds a call of the system fails, too.
TEST_F(FileSourceTest, RandomRotations) {
  std::mt19937_64 random(testing::Seed());
  const auto chance = [&](size_t percent) { return random() % 100 < percent; };
  for (int round = 0; round < 40 * testing::Scale() && !HasFailure(); ++round) {
    TempDir dir(TempDir::Place::kMemory);
    const std::string path = dir / "driver.log";
    const bool glob_finds_rotated = chance(50);
    options_.paths = {glob_finds_rotated ? dir / "driver.log*" : path};
    options_.watch = chance(70) ? Watch::kInotify : Watch::kPoll;
    tails_ = FakeTails();
    tails_.most = 1 + random() % 5000;
    size_t lines = 0;
    size_t rotated = 0;
    std::string history;
    const auto write = [&] {
      const size_t count = random() % 200;
      Append(path, Lines(lines, lines + count));
      Stamp(path);
      lines += count;
      history += " w" + std::to_string(count);
    };
    const auto shift = [&] {
      for (size_t n = rotated; n > 0; --n) {
        fs::rename(path + "." + std::to_string(n), path + "." + std::to_string(n + 1));
      }
      ++rotated;
    };
    const auto run = [&](absl::Duration time) {
      history += " run" + absl::FormatDuration(time);
      Run(time);
    };
    // A copy is recognized by the bytes read from its original. A file with no bytes read that is
    // copied and truncated meanwhile is lost.
    const auto is_read = [&] {
      const std::string bytes = BytesOf(path);
      const auto has_begun = [&](const auto& entry) {
        return !entry.second.bytes.empty() && bytes.starts_with(entry.second.bytes);
      };
      return std::any_of(tails_.streams.begin(), tails_.streams.end(), has_begun);
    };
    write();
    Start();
    os_.Heal();
    if (chance(50)) os_.Fail({.n = 1 + random() % 3000});
    for (int step = 0; step < 60; ++step) {
      switch (random() % 8) {
        case 0:
        case 1:
        case 2:
          write();
          break;
        case 3:
          history += " rename";
          shift();
          fs::rename(path, path + ".1");
          if (chance(50) && source_ != nullptr) run(absl::Milliseconds(random() % 2000));
          Append(path, "");
          Stamp(path);
          break;
        case 4:
          if (source_ != nullptr) run(absl::Seconds(2));
          if (!is_read()) break;
          history += " copytruncate";
          shift();
          fs::copy_file(path, path + ".1");
          Stamp(path + ".1");
          if (chance(50) && source_ != nullptr) run(absl::Milliseconds(random() % 2000));
          fs::resize_file(path, 0);
          Stamp(path);
          break;
        case 5:
          history += source_ == nullptr ? " start" : " stop";
          source_ == nullptr ? Start() : Stop();
          break;
        default:
          if (source_ == nullptr) break;
          run(absl::Milliseconds(chance(20) ? random() % 600'000 : random() % 3000));
      }
    }
    if (source_ == nullptr) Start();
    // After an error in its last look the source cannot report that it is at its end.
    os_.Heal();
    Run(absl::Seconds(10));
    EXPECT_EQ(Lost(), 0U) << "glob finds rotated: " << glob_finds_rotated << history << Story();
    EXPECT_TRUE(source_->AtEnd()) << "glob finds rotated: " << glob_finds_rotated << history
                                  << Story();
    std::string all;
    for (const std::string& name : tails_.order) {
      const FakeTails::Stream& stream = tails_.streams[name];
      // Bytes that were read as another stream before are skipped.
      all += stream.bytes.substr(std::min<size_t>(stream.place.from, stream.bytes.size()));
    }
    // After an error a rotated file may be found late and come out of order.
    EXPECT_EQ(Ranges(os_.failed() > 0 ? Sorted(all) : all), " 0-" + std::to_string(lines - 1))
        << "glob finds rotated: " << glob_finds_rotated << history << Story();
    Stop();
    EXPECT_EQ(os_.open_files(), 0U);
  }
}

}  // namespace
}  // namespace sparktail
