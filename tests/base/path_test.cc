#include "ingest/base/path.h"

#include <gtest/gtest.h>

namespace sparktail {
namespace {

TEST(PathTest, PathsHaveDirectoriesAndNames) {
  EXPECT_EQ(ParentDirectory("/var/lib/x"), "/var/lib");
  EXPECT_EQ(ParentDirectory("/x"), "/");
  EXPECT_EQ(ParentDirectory("x"), ".");
  EXPECT_EQ(ParentDirectory("a/x"), "a");
  EXPECT_EQ(FileName("/var/lib/x"), "x");
  EXPECT_EQ(FileName("/x"), "x");
  EXPECT_EQ(FileName("x"), "x");
}

TEST(PathTest, DirectoryAndNameMakeThePathAgain) {
  for (const std::string path : {"/a/b", "/b", "./b"}) {
    EXPECT_EQ(PathIn(ParentDirectory(path), FileName(path)), path);
  }
}

}  // namespace
}  // namespace sparktail
