#include "ingest/http/token_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempDir;
using testing::WriteBytes;

TEST(TokenFileTest, IsReadAgain) {
  const TempDir folder;
  const std::string path = folder / "token";
  TokenFile file(path);
  EXPECT_EQ(file.text(), "");
  EXPECT_EQ(file.Read().code(), absl::StatusCode::kUnavailable);
  WriteBytes(path, " first\r\n");
  ASSERT_TRUE(file.Read().ok());
  EXPECT_EQ(file.text(), "first");
  WriteBytes(path, "other");
  ASSERT_TRUE(file.Read().ok());
  EXPECT_EQ(file.text(), "other");
}

// A kubelet changes the link, not the file.
TEST(TokenFileTest, BehindALink) {
  const TempDir folder;
  WriteBytes(folder / "one", "one");
  WriteBytes(folder / "two", "two");
  TokenFile file(folder / "token");
  std::filesystem::create_symlink(folder / "one", folder / "token");
  ASSERT_TRUE(file.Read().ok());
  EXPECT_EQ(file.text(), "one");
  std::filesystem::create_symlink(folder / "two", folder / "next");
  std::filesystem::rename(folder / "next", folder / "token");
  ASSERT_TRUE(file.Read().ok());
  EXPECT_EQ(file.text(), "two");
}

TEST(TokenFileTest, AnErrorKeepsTheToken) {
  const TempDir folder;
  const std::string path = folder / "token";
  TokenFile file(path);
  WriteBytes(path, "good");
  ASSERT_TRUE(file.Read().ok());
  for (const std::string& text :
       {std::string(), std::string(" \n"), std::string("two much-secret"), std::string("a\r\nX: b"),
        std::string("a\0b", 3), std::string("\xc3\xa4"), std::string(100'000, 'x')}) {
    WriteBytes(path, text);
    const absl::Status status = file.Read();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text.size();
    EXPECT_THAT(std::string(status.message()), HasSubstr("token_file " + path));
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("much-secret")));
    EXPECT_EQ(file.text(), "good");
  }
  std::filesystem::remove(path);
  EXPECT_EQ(file.Read().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(file.text(), "good");
}

// Neither of them may block the reader.
TEST(TokenFileTest, NotARegularFile) {
  const TempDir folder;
  EXPECT_FALSE(TokenFile(folder.path()).Read().ok());
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_FALSE(TokenFile(folder / "pipe").Read().ok());
  EXPECT_FALSE(TokenFile("/dev/zero").Read().ok());
}

}  // namespace
}  // namespace sparktail
