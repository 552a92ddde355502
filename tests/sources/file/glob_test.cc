#include "ingest/sources/file/glob.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "tests/support/corpus.h"
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

class GlobTest : public ::testing::Test {
 protected:
  // Files, without their text; directories are made.
  void Make(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
      fs::create_directories(fs::path(dir_ / path).parent_path());
      WriteBytes(dir_ / path, "x");
    }
  }
  // The matches of `pattern` and the directories of possible matches, relative to the test's
  // directory.
  struct Result {
    std::vector<std::string> paths;
    std::vector<std::string> directories;
  };
  Result Expand(const std::string& pattern) {
    Glob::Found found;
    Glob(dir_ / pattern).Expand(&os_, &found);
    Result result{found.paths, found.directories};
    for (auto* list : {&result.paths, &result.directories}) {
      for (std::string& path : *list) {
        EXPECT_TRUE(path.starts_with(dir_.path())) << path;
        path.erase(0, std::min(path.size(), dir_.path().size() + 1));
      }
    }
    return result;
  }
  std::vector<std::string> Paths(const std::string& pattern) { return Expand(pattern).paths; }

  TempDir dir_{TempDir::Place::kMemory};
  FaultyOs os_;
};

TEST_F(GlobTest, EachPartMatchesNamesOfOneDirectory) {
  Make({"app1/stderr", "app1/stdout", "app2/stderr", "app2/deep/stderr", "other/stderr"});
  EXPECT_THAT(Paths("app*/stderr"), ElementsAre("app1/stderr", "app2/stderr"));
  EXPECT_THAT(Paths("app?/std*"), ElementsAre("app1/stderr", "app1/stdout", "app2/stderr"));
  EXPECT_THAT(Paths("app[2-9]/stderr"), ElementsAre("app2/stderr"));
  EXPECT_THAT(Paths("app1/stderr"), ElementsAre("app1/stderr"));
  EXPECT_THAT(Paths("app1/none"), IsEmpty());
  EXPECT_THAT(Paths("*/*/*"), ElementsAre("app2/deep/stderr"));
}

TEST_F(GlobTest, RedundantSlashesAndDotsAreIgnored) {
  Make({"a/b.log"});
  EXPECT_THAT(Paths("a//b.log"), ElementsAre("a/b.log"));
  EXPECT_THAT(Paths("./a/./*.log"), ElementsAre("a/b.log"));
}

TEST_F(GlobTest, ABackslashTakesTheMeaningFromTheNextCharacter) {
  Make({"a*.log", "ab.log"});
  EXPECT_THAT(Paths("a\\*.log"), ElementsAre("a*.log"));
}

TEST_F(GlobTest, HiddenNamesAreMatchedOnlyByPatternsWithADot) {
  Make({".a.log", "b.log", ".hidden/c.log"});
  EXPECT_THAT(Paths("*.log"), ElementsAre("b.log"));
  EXPECT_THAT(Paths(".*.log"), ElementsAre(".a.log"));
  EXPECT_THAT(Paths("**/*.log"), ElementsAre("b.log"));
  EXPECT_THAT(Paths(".hidden/*.log"), ElementsAre(".hidden/c.log"));
}

TEST_F(GlobTest, TwoStarsStandForAnyNumberOfDirectories) {
  Make({"stderr", "a/stderr", "a/b/stderr", "a/b/stdout", "a/b/c/stderr"});
  EXPECT_THAT(Paths("**/stderr"), ElementsAre("stderr", "a/stderr", "a/b/stderr", "a/b/c/stderr"));
  EXPECT_THAT(Paths("a/**/stderr"), ElementsAre("a/stderr", "a/b/stderr", "a/b/c/stderr"));
  EXPECT_THAT(Paths("a/**/c/*"), ElementsAre("a/b/c/stderr"));
  EXPECT_THAT(Paths("a/b/**"), ElementsAre("a/b/c/stderr", "a/b/stderr", "a/b/stdout"));
}

TEST_F(GlobTest, LinksToDirectoriesAreFollowedButNotByTwoStars) {
  Make({"real/x.log"});
  fs::create_directory_symlink(dir_ / "real", dir_ / "link");
  fs::create_directory_symlink(dir_.path(), dir_ / "real/loop");
  EXPECT_THAT(Paths("link/*.log"), ElementsAre("link/x.log"));
  EXPECT_THAT(Paths("l*/*.log"), ElementsAre("link/x.log"));
  EXPECT_THAT(Paths("**/x.log"), ElementsAre("real/x.log"));
}

TEST_F(GlobTest, TheDepthOfTwoStarsIsBounded) {
  std::string path;
  for (int depth = 0; depth < 20; ++depth) {
    Make({path + "x.log"});
    path += "d/";
  }
  EXPECT_THAT(Paths("**/x.log"), ::testing::SizeIs(17));
  EXPECT_THAT(Paths("**"), ::testing::SizeIs(17));
  const std::vector<std::string> all = Paths("**/x.log");
  EXPECT_TRUE(Glob(dir_ / "**/x.log").Matches(dir_ / all.back()));
  EXPECT_TRUE(Glob(dir_ / "**").Matches(dir_ / all.back()));
  EXPECT_FALSE(Glob(dir_ / "**/x.log").Matches(dir_ / ("d/" + all.back())));
  EXPECT_FALSE(Glob(dir_ / "**").Matches(dir_ / ("d/" + all.back())));
}

TEST_F(GlobTest, DirectoriesAreThoseInWhichSomethingCouldAppear) {
  Make({"a/1/x.log", "a/2/y.txt"});
  EXPECT_THAT(Expand("a/*/x.log").directories, ElementsAre("a", "a/1", "a/2"));
  EXPECT_THAT(Expand("a/1/x.log").directories, ElementsAre("a/1"));
  // The last one that is there.
  EXPECT_THAT(Expand("a/3/x.log").directories, ElementsAre("a"));
  EXPECT_THAT(Expand("b/c/x.log").directories, ElementsAre(""));
}

TEST_F(GlobTest, AnUnlistableDirectoryHasNoMatchesAndIsStillWatched) {
  Make({"a/x.log", "b/x.log"});
  os_.Fail({.calls = {FaultyOs::Call::kList}, .path_contains = "/a"});
  const Result result = Expand("*/*.log");
  EXPECT_THAT(result.paths, ElementsAre("b/x.log"));
  EXPECT_THAT(result.directories, Contains("a"));
}

TEST_F(GlobTest, UnreadablePathsAreErrors) {
  Make({"a/x.log", "b/x.log"});
  const auto errors = [&](const std::string& pattern) {
    Glob::Found found;
    Glob(dir_ / pattern).Expand(&os_, &found);
    std::vector<std::string> paths;
    for (const auto& [path, status] : found.errors) {
      EXPECT_TRUE(absl::IsUnavailable(status)) << status;
      paths.push_back(path);
    }
    return paths;
  };
  os_.Fail({.from_then_on = true, .calls = {FaultyOs::Call::kList}, .path_contains = "/a"});
  EXPECT_THAT(errors("*/*.log"), ElementsAre(dir_ / "a"));
  os_.Fail({.from_then_on = true, .calls = {FaultyOs::Call::kStatPath}, .path_contains = "/a"});
  EXPECT_THAT(errors("*/*.log"), ElementsAre(dir_ / "a"));
  EXPECT_THAT(errors("a/*.log"), ElementsAre(dir_ / "a"));
  EXPECT_THAT(errors("**"), ElementsAre(dir_ / "a"));
  os_.Fail({.from_then_on = true, .calls = {FaultyOs::Call::kStatPath}, .path_contains = "/a/x"});
  EXPECT_THAT(errors("a/x.log"), ElementsAre(dir_ / "a/x.log"));
  os_.Heal();
  EXPECT_THAT(errors("none/*/x.log"), IsEmpty());
  EXPECT_THAT(errors("a/none"), IsEmpty());
}

TEST_F(GlobTest, AnEmptyPatternFindsNothing) {
  Glob::Found found;
  Glob("").Expand(&os_, &found);
  Glob("/").Expand(&os_, &found);
  EXPECT_THAT(found.paths, IsEmpty());
}

// With random trees and patterns, Expand() finds exactly the paths that match.
TEST_F(GlobTest, ExpandAndMatchesAgree) {
  std::mt19937_64 random(testing::Seed());
  const std::vector<std::string> names = {"a", "b", "ab", ".h", "a.log", "b.log"};
  const std::vector<std::string> parts = {"*",        "**",    "a*", "?", ".*",
                                          "[ab].log", "b.log", "a",  "ab"};
  const auto pick = [&](const std::vector<std::string>& from) {
    return from[random() % from.size()];
  };
  for (int round = 0; round < 20 * testing::Scale(); ++round) {
    const std::string root = "tree" + std::to_string(round);
    std::vector<std::string> files;
    for (int i = 0; i < 30; ++i) {
      std::string path = root;
      for (size_t depth = random() % 4; depth > 0; --depth) path += "/" + pick(names);
      path += "/" + pick(names);
      const fs::path full = dir_ / path;
      std::error_code error;
      fs::create_directories(full.parent_path(), error);
      if (error || fs::exists(full)) continue;
      WriteBytes(full, "x");
      files.push_back(path);
    }
    std::sort(files.begin(), files.end());
    for (int i = 0; i < 20; ++i) {
      std::string pattern = root;
      for (size_t depth = random() % 4 + 1; depth > 0; --depth) pattern += "/" + pick(parts);
      std::vector<std::string> found = Paths(pattern);
      std::sort(found.begin(), found.end());
      found.erase(std::unique(found.begin(), found.end()), found.end());
      std::erase_if(found, [&](const std::string& path) { return fs::is_directory(dir_ / path); });
      std::vector<std::string> expected;
      const Glob glob(dir_ / pattern);
      std::copy_if(files.begin(), files.end(), std::back_inserter(expected),
                   [&](const std::string& path) { return glob.Matches(dir_ / path); });
      EXPECT_EQ(found, expected) << pattern;
    }
  }
}

}  // namespace
}  // namespace sparktail
