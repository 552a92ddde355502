#include "ingest/cli/references.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/support/fake_surroundings.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::MakeSurroundings;
using ::testing::Not;

class ReferencesTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    testing::WriteBytes(folder_ / name, text);
    return folder_ / name;
  }

  std::string Replaced(const std::string& text) {
    const absl::StatusOr<std::string> replaced = ReplaceReferences(text, surroundings_);
    EXPECT_TRUE(replaced.ok()) << replaced.status();
    return replaced.value_or("");
  }
  std::string ErrorOf(const std::string& text) {
    const absl::StatusOr<std::string> replaced = ReplaceReferences(text, surroundings_);
    EXPECT_FALSE(replaced.ok()) << *replaced;
    return std::string(replaced.status().message());
  }

  PosixOs os_;
  testing::TempDir folder_;
  Surroundings surroundings_ = MakeSurroundings(
      &os_, {{"A", "one"}, {"EMPTY", ""}, {"_b2", "${A} $$"}, {"SECRET", "hidden"}});
};

TEST_F(ReferencesTest, VariablesAreReplaced) {
  EXPECT_EQ(Replaced("${A}"), "one");
  EXPECT_EQ(Replaced("x${A}y${A}${EMPTY}z"), "xoneyonez");
  EXPECT_EQ(Replaced("plain"), "plain");
  EXPECT_EQ(Replaced(""), "");
}

TEST_F(ReferencesTest, ReplacedTextIsNotSearchedAgain) {
  EXPECT_EQ(Replaced("${_b2}"), "${A} $$");
  const std::string path = Write("x", "${A}");
  EXPECT_EQ(Replaced("${file:" + path + "}"), "${A}");
}

TEST_F(ReferencesTest, TwoDollarsAreOne) {
  EXPECT_EQ(Replaced("$${A}"), "${A}");
  EXPECT_EQ(Replaced("$$$${A}"), "$${A}");
  EXPECT_EQ(Replaced("$$${A}"), "$one");
  EXPECT_EQ(Replaced("a$b$"), "a$b$");
  EXPECT_EQ(Replaced("$$"), "$");
  EXPECT_TRUE(HasReferences("a$$"));
  EXPECT_TRUE(HasReferences("${"));
  EXPECT_FALSE(HasReferences("$a {"));
}

TEST_F(ReferencesTest, FilesLoseTheirLastNewline) {
  EXPECT_EQ(Replaced("${file:" + Write("a", "secret\n") + "}"), "secret");
  EXPECT_EQ(Replaced("${file:" + Write("b", "secret\r\n") + "}"), "secret");
  EXPECT_EQ(Replaced("${file:" + Write("c", "two\nlines\n\n") + "}"), "two\nlines\n");
  EXPECT_EQ(Replaced("${file:" + Write("d", "") + "}"), "");
  // As Kubernetes mounts secrets.
  std::filesystem::create_symlink(folder_ / "a", folder_ / "link");
  EXPECT_EQ(Replaced("<${file:" + folder_.path() + "/link}>"), "<secret>");
}

TEST_F(ReferencesTest, MissingOnesAreNamed) {
  EXPECT_EQ(ErrorOf("${SECRET}${NOWHERE}"), "the environment has no variable NOWHERE");
  EXPECT_THAT(ErrorOf("${file:/nowhere/x}"),
              HasSubstr("${file:/nowhere/x}: cannot read it: No such file"));
  EXPECT_THAT(ErrorOf("${file:relative}"), HasSubstr("the path must be absolute"));
  EXPECT_THAT(ErrorOf("${SECRET}${a-b}"), AllOf(HasSubstr("${a-b}"), Not(HasSubstr("hidden"))));
  EXPECT_THAT(ErrorOf("${}"), HasSubstr("${VARIABLE}"));
  EXPECT_THAT(ErrorOf("x${A"), HasSubstr("without its }"));
}

TEST_F(ReferencesTest, OnlySmallRegularFilesAreRead) {
  EXPECT_THAT(ErrorOf("${file:" + folder_.path() + "}"), HasSubstr("not a regular file"));
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(ErrorOf("${file:" + folder_.path() + "/pipe}"), HasSubstr("not a regular file"));
  EXPECT_THAT(ErrorOf("${file:/dev/zero}"), HasSubstr("not a regular file"));
  const std::string large = Write("large", std::string((64 << 10) + 1, 'x'));
  EXPECT_THAT(ErrorOf("${file:" + large + "}"), HasSubstr("longer than 64 KiB"));
}

}  // namespace
}  // namespace sparktail
