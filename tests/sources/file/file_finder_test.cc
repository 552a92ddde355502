#include "ingest/sources/file/file_finder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/corpus.h"
#include "tests/support/faulty_os.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::FaultyOs;
using ::testing::IsEmpty;
using testing::RecordingLog;
using ::testing::SizeIs;
using testing::TempDir;
using testing::WriteBytes;

// Something happens in the middle of a look.
class BusyOs : public FaultyOs {
 public:
  std::function<void(const std::string&)> before_stat_path;

  absl::StatusOr<FileInfo> StatPath(const std::string& path, bool follow_links) override {
    if (before_stat_path) before_stat_path(path);
    return FaultyOs::StatPath(path, follow_links);
  }
};

class FileFinderTest : public ::testing::Test {
 protected:
  FileFinder Finder(std::vector<std::string> paths, std::vector<std::string> exclude = {}) {
    FileSourceOptions options;
    options.paths = std::move(paths);
    options.exclude = std::move(exclude);
    return FileFinder(&os_, &log_, options);
  }
  static std::vector<std::string> Find(FileFinder* finder) {
    return PathsOf(finder->FindAll([](const std::string&) { return false; }).files);
  }
  static std::vector<std::string> PathsOf(const std::vector<FileFinder::Found>& files) {
    std::vector<std::string> paths;
    for (const FileFinder::Found& one : files) paths.push_back(one.path);
    return paths;
  }
  uint64_t InodeOf(const std::string& path) {
    return PosixOs().StatPath(path, /*follow_links=*/false)->inode;
  }

  TempDir dir_{TempDir::Place::kMemory};
  const std::string log_path_ = dir_ / "driver.log";
  BusyOs os_;
  RecordingLog log_;
};

TEST_F(FileFinderTest, FindsEachFileOnceAndLeavesOutTheExcluded) {
  for (const char* name : {"a.log", "b.log", "c.log", "d.txt"}) WriteBytes(dir_ / name, "x");
  FileFinder finder = Finder({dir_ / "*.log", dir_ / "a*"}, {dir_ / "c*"});
  EXPECT_THAT(Find(&finder), ElementsAre(dir_ / "a.log", dir_ / "b.log"));
  EXPECT_FALSE(finder.is_unsure());
  EXPECT_TRUE(finder.Matches(dir_ / "new.log"));
  EXPECT_FALSE(finder.Matches(dir_ / "d.txt"));
}

TEST_F(FileFinderTest, GlobsWithoutAMatchAreLoggedOnce) {
  WriteBytes(log_path_, "x");
  FileFinder finder = Finder({dir_ / "*.log", dir_ / "typo.lgo", dir_ / "none/*", log_path_});
  Find(&finder);
  const std::vector<std::string> said = {
      "W " + (dir_ / "typo.lgo") + ": no such file yet; waiting for it",
      "W " + (dir_ / "none/*") + ": no such file yet; waiting for it"};
  EXPECT_EQ(log_.lines(), said);
  WriteBytes(dir_ / "typo.lgo", "x");
  Find(&finder);
  fs::remove(dir_ / "typo.lgo");
  Find(&finder);
  EXPECT_EQ(log_.lines(), said);
  EXPECT_EQ(finder.errors(), 0U) << "it may come";
}

TEST_F(FileFinderTest, UnreadablePathsAreLoggedOnce) {
  os_.Fail({.status = absl::PermissionDeniedError("Permission denied"),
            .from_then_on = true,
            .calls = {FaultyOs::Call::kList}});
  FileFinder finder = Finder({dir_ / "*.log"});
  Find(&finder);
  EXPECT_FALSE(log_.Has("no such file"));
  EXPECT_TRUE(log_.Has("Permission denied"));
}

TEST_F(FileFinderTest, ALinkIsWhatItPointsTo) {
  fs::create_directory(dir_ / "pods");
  WriteBytes(dir_ / "pods/0.log", "x");
  fs::create_symlink(dir_ / "pods/0.log", log_path_);
  FileFinder finder = Finder({log_path_});
  const FileFinder::Look look = finder.FindAll([](const std::string&) { return false; });
  ASSERT_THAT(look.files, SizeIs(1));
  EXPECT_EQ(look.files[0].path, log_path_);
  EXPECT_EQ(look.files[0].real, dir_ / "pods/0.log");
  EXPECT_EQ(look.files[0].info.inode, InodeOf(dir_ / "pods/0.log"));
  EXPECT_THAT(look.directories, ::testing::IsSupersetOf({std::string(dir_ / "pods")}));
}

// The link is logged once, and not at all while its target is being rotated.
TEST_F(FileFinderTest, ALinkToNothingIsUnsureOnce) {
  fs::create_symlink(dir_ / "0.log", log_path_);
  FileFinder finder = Finder({log_path_});
  const auto look = [&](bool is_known) {
    return finder.FindAll([&](const std::string&) { return is_known; }).files;
  };
  EXPECT_THAT(look(true), IsEmpty());
  EXPECT_TRUE(finder.is_unsure());
  EXPECT_EQ(finder.errors(), 0U);
  EXPECT_THAT(look(false), IsEmpty());
  EXPECT_TRUE(finder.is_unsure());
  EXPECT_EQ(finder.errors(), 1U);
  EXPECT_THAT(look(false), IsEmpty());
  EXPECT_FALSE(finder.is_unsure());
  EXPECT_EQ(finder.errors(), 1U);
}

TEST_F(FileFinderTest, PathsThatAreNotLogsAreLoggedOnceWhileTheyExist) {
  fs::create_directory(log_path_);
  FileFinder finder = Finder({log_path_});
  EXPECT_THAT(Find(&finder), IsEmpty());
  EXPECT_THAT(Find(&finder), IsEmpty());
  EXPECT_EQ(finder.errors(), 1U);
  fs::remove(log_path_);
  Find(&finder);
  fs::create_directory(log_path_);
  Find(&finder);
  EXPECT_EQ(finder.errors(), 2U);
}

TEST_F(FileFinderTest, UnreadableDirectoriesHideEverythingBelow) {
  WriteBytes(log_path_, "x");
  FileFinder finder = Finder({dir_ / "*.log"});
  os_.Fail({.calls = {FaultyOs::Call::kList}});
  EXPECT_THAT(Find(&finder), IsEmpty());
  EXPECT_TRUE(finder.IsHidden(log_path_));
  EXPECT_FALSE(finder.IsHidden("/elsewhere/driver.log"));
  EXPECT_TRUE(finder.is_unsure());
  EXPECT_THAT(Find(&finder), ElementsAre(log_path_));
  EXPECT_FALSE(finder.IsHidden(log_path_));
  EXPECT_FALSE(finder.is_unsure());
}

TEST_F(FileFinderTest, SiblingsAreThoseThatRotationNames) {
  for (const char* name :
       {"driver.log", "driver.log.1", "driver.log.2", "other.log.1", "driver.log.gz"}) {
    WriteBytes(dir_ / name, "x");
  }
  bool is_sure = true;
  uint64_t occupant = 0;
  std::vector<FileFinder::Found> siblings =
      Finder({log_path_}).FindSiblings(log_path_, &is_sure, &occupant);
  for (FileFinder::Found& one : siblings) one.info.modified_ns = 0;
  FileFinder::SortByAge(&siblings);
  EXPECT_THAT(PathsOf(siblings), ElementsAre(log_path_ + ".2", log_path_ + ".1"));
  EXPECT_EQ(occupant, InodeOf(log_path_));
  EXPECT_TRUE(is_sure);
  siblings[1].info.modified_ns = -1;
  FileFinder::SortByAge(&siblings);
  EXPECT_THAT(PathsOf(siblings), ElementsAre(log_path_ + ".1", log_path_ + ".2"));
}

TEST_F(FileFinderTest, NothingAtThePathHasNoInode) {
  WriteBytes(log_path_ + ".1", "x");
  bool is_sure = true;
  uint64_t occupant = 7;
  EXPECT_THAT(Finder({log_path_}).FindSiblings(log_path_, &is_sure, &occupant), SizeIs(1));
  EXPECT_EQ(occupant, 0U);
  EXPECT_TRUE(is_sure);
}

TEST_F(FileFinderTest, SiblingsThatAreRenamedMeanwhileAreAllFound) {
  for (size_t moment = 1; moment < 12; ++moment) {
    SCOPED_TRACE(moment);
    for (const char* name : {"", ".1", ".2"}) WriteBytes(log_path_ + name, "x");
    size_t looks = 0;
    os_.before_stat_path = [&](const std::string&) {
      if (++looks != moment) return;
      for (const int n : {2, 1}) {
        fs::rename(log_path_ + "." + std::to_string(n), log_path_ + "." + std::to_string(n + 1));
      }
      fs::rename(log_path_, log_path_ + ".1");
    };
    bool is_sure = true;
    const auto siblings = Finder({log_path_}).FindSiblings(log_path_, &is_sure);
    os_.before_stat_path = nullptr;
    EXPECT_TRUE(is_sure);
    EXPECT_THAT(siblings, SizeIs(looks >= moment ? 3 : 2));
    for (const char* name : {"", ".1", ".2", ".3"}) fs::remove(log_path_ + name);
  }
}

// Each of two looks finds the new one only.
TEST_F(FileFinderTest, ASiblingThatIsRenamedInEachLookIsFound) {
  WriteBytes(log_path_ + ".1", "old");
  const uint64_t old = InodeOf(log_path_ + ".1");
  int renames = 0;
  os_.before_stat_path = [&](const std::string& path) {
    if (path == log_path_ + ".1" && renames == 0) {
      ++renames;
      fs::rename(log_path_ + ".1", log_path_ + ".2");
      WriteBytes(log_path_ + ".1", "new");
    } else if (path == log_path_ + ".2" && renames == 1) {
      ++renames;
      fs::rename(log_path_ + ".2", log_path_ + ".3");
    }
  };
  bool is_sure = true;
  const auto siblings = Finder({log_path_}).FindSiblings(log_path_, &is_sure);
  os_.before_stat_path = nullptr;
  EXPECT_EQ(renames, 2);
  EXPECT_TRUE(is_sure);
  EXPECT_TRUE(std::any_of(siblings.begin(), siblings.end(),
                          [&](const auto& one) { return one.info.inode == old; }));
}

TEST_F(FileFinderTest, EndlessRenamesLeaveItUnsure) {
  WriteBytes(log_path_, "x");
  os_.before_stat_path = [&](const std::string& path) {
    if (path != log_path_) return;
    fs::remove(log_path_ + ".1");
    fs::rename(log_path_, log_path_ + ".1");
    WriteBytes(log_path_, "x");
  };
  bool is_sure = true;
  Finder({log_path_}).FindSiblings(log_path_, &is_sure);
  EXPECT_FALSE(is_sure);
}

TEST_F(FileFinderTest, AnErrorLeavesItUnsure) {
  WriteBytes(log_path_, "x");
  os_.Fail({.from_then_on = true, .calls = {FaultyOs::Call::kList}});
  bool is_sure = true;
  Finder({log_path_}).FindSiblings(log_path_, &is_sure);
  EXPECT_FALSE(is_sure);
}

}  // namespace
}  // namespace sparktail
