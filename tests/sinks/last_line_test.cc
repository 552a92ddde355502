#include "sinks/file/last_line.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/faulty_os.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

class LastLineTest : public ::testing::Test {
 protected:
  // Calls change(fd) for a file with that content, and returns what it holds then.
  template <typename Change>
  std::string After(const std::string& content, Change change) {
    testing::WriteBytes(folder_ / "f", content);
    const absl::StatusOr<int> fd = os_.OpenToAppend(folder_ / "f", 0600);
    EXPECT_TRUE(fd.ok()) << fd.status();
    change(*fd);
    os_.Close(*fd);
    return testing::BytesOf(folder_ / "f");
  }
  std::string Cut(const std::string& content) {
    return After(content, [&](int fd) { EXPECT_TRUE(CutPartialDocument(&os_, fd).ok()); });
  }
  std::string Ended(const std::string& content) {
    uint64_t length = 0;
    std::string text = After(content, [&](int fd) { length = EndLastLine(&os_, fd).value(); });
    EXPECT_EQ(length, text.size());
    return text;
  }

  testing::TempDir folder_;
  testing::FaultyOs os_;
};

TEST_F(LastLineTest, OnlyAPartOfADocumentIsCut) {
  EXPECT_EQ(Cut(""), "");
  EXPECT_EQ(Cut("a\n{\"@timestamp\":\"2026"), "a\n");
  EXPECT_EQ(Cut("{\"kind\":\"pro"), "");
  EXPECT_EQ(Cut("a\nmy own text"), "a\nmy own text");
  EXPECT_EQ(Cut("{\"kind\":\"x\"}\n"), "{\"kind\":\"x\"}\n");
  const std::string lines = std::string(200'000, 'x') + "\n";
  EXPECT_EQ(Cut(lines + "{\"kind\":\"" + std::string(100'000, 'y')), lines);
}

TEST_F(LastLineTest, AMissingNewlineIsAdded) {
  EXPECT_EQ(Ended(""), "");
  EXPECT_EQ(Ended("a\n"), "a\n");
  EXPECT_EQ(Ended("a\nb"), "a\nb\n");
  EXPECT_EQ(Ended(std::string(100'000, 'x')), std::string(100'000, 'x') + "\n");
}

}  // namespace
}  // namespace sparktail
