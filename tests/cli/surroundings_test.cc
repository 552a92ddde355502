#include "ingest/cli/surroundings.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/support/fake_surroundings.h"

namespace sparktail {
namespace {

using testing::MakeSurroundings;

TEST(SurroundingsTest, PathsBecomeAbsolute) {
  struct Case {
    const char* path;
    const char* absolute;
  };
  for (const Case& c :
       {Case{"a", "/work/a"}, Case{"./a/b", "/work/a/b"}, Case{"/a", "/a"},
        Case{"/a//b/./c", "/a/b/c"}, Case{".", "/work"}, Case{"/", "/"}, Case{"../a", "/work/../a"},
        Case{"/a/*.log", "/a/*.log"}, Case{"/a/.b", "/a/.b"}, Case{"/a/", "/a"}}) {
    EXPECT_EQ(AbsolutePath(c.path, "/work"), c.absolute) << c.path;
  }
}

TEST(SurroundingsTest, StateHasAPlaceByDefault) {
  PosixOs os;
  EXPECT_EQ(DefaultStateDirectory(MakeSurroundings(&os)), "/home/me/.local/state/sparktail");
  EXPECT_EQ(DefaultStateDirectory(MakeSurroundings(&os, {{"XDG_STATE_HOME", "/xdg/"}})),
            "/xdg/sparktail");
  // The XDG specification says to ignore a relative path.
  EXPECT_EQ(DefaultStateDirectory(MakeSurroundings(&os, {{"XDG_STATE_HOME", "xdg"}})),
            "/home/me/.local/state/sparktail");
  EXPECT_EQ(DefaultStateDirectory(MakeSurroundings(&os, {{"HOME", ""}})), std::nullopt);
  Surroundings root = MakeSurroundings(&os, {{"HOME", "/root"}});
  root.is_root = true;
  EXPECT_EQ(DefaultStateDirectory(root), "/var/lib/sparktail");
}

TEST(SurroundingsTest, ThoseOfTheProcessAreTrue) {
  PosixOs os;
  const Surroundings surroundings = Surroundings::OfProcess(&os);
  EXPECT_EQ(surroundings.variable("PATH"), std::getenv("PATH"));
  EXPECT_EQ(surroundings.variable("SPARKTAIL_TEST_NO_SUCH_VARIABLE"), std::nullopt);
  EXPECT_TRUE(surroundings.directory.starts_with('/'));
}

}  // namespace
}  // namespace sparktail
