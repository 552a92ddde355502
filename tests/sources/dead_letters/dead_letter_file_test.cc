#include "ingest/sources/dead_letters/dead_letter_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/faulty_os.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using ::testing::ElementsAre;
using testing::FaultyOs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::WriteBytes;

constexpr size_t kLongest = 1000;

class DeadLetterFileTest : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(os_.open_files(), 0U); }

  // "text@begin-end", with a $ if it has no newline.
  static std::string Shown(const DeadLetterFile::Line& line) {
    return std::string(line.text.text()) + "@" + std::to_string(line.begin) + "-" +
           std::to_string(line.end) + (line.has_newline ? "" : "$");
  }
  // All lines, then the error.
  static std::vector<std::string> Rest(absl::StatusOr<DeadLetterFile> file) {
    std::vector<std::string> lines;
    while (file.ok()) {
      const auto line = file->Next();
      if (!line.ok()) {
        lines.emplace_back(line.status().message());
        break;
      }
      if (!*line) break;
      lines.push_back(Shown(**line));
    }
    if (!file.ok()) lines.emplace_back(file.status().message());
    return lines;
  }

  const testing::TempDir folder_{testing::TempDir::Place::kMemory};
  const std::string path_ = folder_ / "a.ndjson";
  FaultyOs os_;
};

TEST_F(DeadLetterFileTest, GivesLineByLine) {
  WriteBytes(path_, "one\n\ntwo\nthree");
  for (const size_t most : {size_t{1}, size_t{2}, size_t{1000}}) {
    os_.set_most_read(most);
    EXPECT_THAT(Rest(DeadLetterFile::Open(&os_, path_, kLongest)),
                ElementsAre("one@0-4", "@4-5", "two@5-9", "three@9-14$"));
  }
  WriteBytes(path_, "");
  EXPECT_THAT(Rest(DeadLetterFile::Open(&os_, path_, kLongest)), IsEmpty());
}

TEST_F(DeadLetterFileTest, ReadsFromALineToAnEnd) {
  WriteBytes(path_, "one\ntwo\nthree\n");
  EXPECT_THAT(Rest(DeadLetterFile::Open(&os_, path_, kLongest, 4, 8)), ElementsAre("two@4-8"));
  EXPECT_THAT(Rest(DeadLetterFile::Open(&os_, path_, kLongest, 8, 10)), ElementsAre("th@8-10$"));
  EXPECT_THAT(Rest(DeadLetterFile::Open(&os_, path_, kLongest, 8, 8)), IsEmpty());
}

TEST_F(DeadLetterFileTest, BytesAppendedLaterAreNotRead) {
  WriteBytes(path_, "one\n");
  absl::StatusOr<DeadLetterFile> file = DeadLetterFile::Open(&os_, path_, kLongest);
  ASSERT_TRUE(file.ok());
  WriteBytes(path_, "one\ntwo\n");
  EXPECT_EQ(file->end(), 4U);
  EXPECT_THAT(Rest(std::move(file)), ElementsAre("one@0-4"));
}

TEST_F(DeadLetterFileTest, ALineThatIsPutBackComesAgain) {
  WriteBytes(path_, "one\ntwo\n");
  absl::StatusOr<DeadLetterFile> file = DeadLetterFile::Open(&os_, path_, kLongest);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(Shown(**file->Next()), "one@0-4");
  file->PutBack();
  EXPECT_THAT(Rest(std::move(file)), ElementsAre("one@0-4", "two@4-8"));
}

TEST_F(DeadLetterFileTest, TooLongLinesAreRefusedInBoundedMemory) {
  const std::string fits(kLongest, 'x');
  WriteBytes(path_, fits + "\n" + fits + "x\n");
  EXPECT_THAT(Rest(DeadLetterFile::Open(&os_, path_, kLongest)),
              ElementsAre(fits + "@0-1001", "the line is longer than 1000"));
  // One that has no end: a terabyte of nothing is not read.
  WriteBytes(path_, "");
  ASSERT_EQ(::truncate(path_.c_str(), off_t{1} << 40), 0);
  EXPECT_THAT(Rest(DeadLetterFile::Open(&os_, path_, kLongest)),
              ElementsAre("the line is longer than 1000"));
}

TEST_F(DeadLetterFileTest, OnlyRegularFilesAreRead) {
  EXPECT_THAT(Rest(DeadLetterFile::Open(&os_, folder_.path(), kLongest)),
              ElementsAre(HasSubstr("a directory")));
  const std::string fifo = folder_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(Rest(DeadLetterFile::Open(&os_, fifo, kLongest)),
              ElementsAre(HasSubstr("not a regular file")));
  EXPECT_EQ(DeadLetterFile::Open(&os_, path_, kLongest).status().code(),
            absl::StatusCode::kNotFound);
  WriteBytes(path_, "one\n");
  const std::string link = folder_ / "link";
  std::filesystem::create_symlink(path_, link);
  EXPECT_THAT(Rest(DeadLetterFile::Open(&os_, link, kLongest)), ElementsAre("one@0-4"));
}

TEST_F(DeadLetterFileTest, AFileThatBecameShorterIsAnError) {
  WriteBytes(path_, "one\ntwo\n");
  EXPECT_EQ(DeadLetterFile::Open(&os_, path_, kLongest, 0, 9).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(DeadLetterFile::Open(&os_, path_, kLongest, 9).status().code(),
            absl::StatusCode::kFailedPrecondition);
  absl::StatusOr<DeadLetterFile> file = DeadLetterFile::Open(&os_, path_, kLongest);
  WriteBytes(path_, "one\n");
  EXPECT_THAT(Rest(std::move(file)), ElementsAre("one@0-4", HasSubstr("shorter")));
}

TEST_F(DeadLetterFileTest, AnyCallMayFail) {
  WriteBytes(path_, "one\ntwo\n");
  for (size_t n = 1;; ++n) {
    os_.Fail({.n = n, .status = absl::UnavailableError("it is broken")});
    const std::vector<std::string> lines = Rest(DeadLetterFile::Open(&os_, path_, kLongest));
    if (os_.failed() == 0) {
      EXPECT_GT(n, 3U);
      EXPECT_THAT(lines, ElementsAre("one@0-4", "two@4-8"));
      return;
    }
    EXPECT_THAT(lines, ElementsAre("it is broken")) << os_.first_failure();
  }
}

}  // namespace
}  // namespace sparktail
