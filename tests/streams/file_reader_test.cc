#include "ingest/streams/file_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/fake_os.h"

namespace sparktail {
namespace {

std::string ReadAll(FileReader* reader, size_t buffer_size) {
  std::string text;
  std::vector<char> buffer(buffer_size);
  while (true) {
    const absl::StatusOr<size_t> size = reader->Read(buffer);
    EXPECT_TRUE(size.ok()) << size.status();
    if (!size.ok() || *size == 0) return text;
    text.append(buffer.data(), *size);
  }
}

TEST(FileReaderTest, ReadsAFileToItsEnd) {
  FakeOs os;
  os.files["a.log"] = "one\ntwo\nthree";
  for (const size_t most : {size_t{1}, size_t{5}, size_t{1000}}) {
    os.most_read = most;
    absl::StatusOr<FileReader> reader = FileReader::Open(&os, "a.log");
    ASSERT_TRUE(reader.ok());
    EXPECT_TRUE(reader->is_regular());
    EXPECT_EQ(reader->size(), 13U);
    EXPECT_EQ(ReadAll(&*reader, 4), "one\ntwo\nthree");
    EXPECT_EQ(ReadAll(&*reader, 4), "");  // the end stays the end
  }
  EXPECT_EQ(os.open_files(), 0U);
}

TEST(FileReaderTest, AMissingFileIsAnError) {
  FakeOs os;
  const absl::StatusOr<FileReader> reader = FileReader::Open(&os, "missing");
  EXPECT_TRUE(absl::IsNotFound(reader.status()));
  EXPECT_EQ(reader.status().message(), "No such file or directory");
}

TEST(FileReaderTest, ADirectoryIsAnErrorWithARemedy) {
  FakeOs os;
  os.directories.insert("logs");
  const absl::StatusOr<FileReader> reader = FileReader::Open(&os, "logs");
  ASSERT_FALSE(reader.ok());
  EXPECT_THAT(std::string(reader.status().message()), testing::HasSubstr("directory"));
  EXPECT_EQ(os.open_files(), 0U);
}

TEST(FileReaderTest, AFailedStatClosesTheFile) {
  FakeOs os;
  os.files["a.log"] = "x";
  os.FailAt(2, absl::UnavailableError("Input/output error"));
  const absl::StatusOr<FileReader> reader = FileReader::Open(&os, "a.log");
  EXPECT_EQ(reader.status().message(), "Input/output error");
  EXPECT_EQ(os.open_files(), 0U);
}

TEST(FileReaderTest, AFailedReadIsAnError) {
  FakeOs os;
  os.files["a.log"] = "x";
  os.FailAt(3, absl::UnavailableError("Input/output error"));
  absl::StatusOr<FileReader> reader = FileReader::Open(&os, "a.log");
  ASSERT_TRUE(reader.ok());
  std::vector<char> buffer(4);
  EXPECT_EQ(reader->Read(buffer).status().message(), "Input/output error");
}

TEST(FileReaderTest, StandardInputIsReadAndNotClosed) {
  FakeOs os;
  os.standard_input = "one\n";
  {
    FileReader reader = FileReader::Stdin(&os);
    EXPECT_FALSE(reader.is_regular());
    EXPECT_EQ(reader.size(), 0U);
    EXPECT_EQ(ReadAll(&reader, 3), "one\n");
  }  // FakeOs tells if a file is closed that is not open
}

TEST(FileReaderTest, StandardInputIsReadEvenIfNothingIsKnownOfIt) {
  FakeOs os;
  os.standard_input = "one\n";
  os.FailAt(1, absl::UnavailableError("Bad file descriptor"));
  FileReader reader = FileReader::Stdin(&os);
  EXPECT_FALSE(reader.is_regular());
  EXPECT_EQ(ReadAll(&reader, 3), "one\n");
}

TEST(FileReaderTest, AMovedReaderClosesOnce) {
  FakeOs os;
  os.files["a.log"] = "x";
  {
    absl::StatusOr<FileReader> reader = FileReader::Open(&os, "a.log");
    ASSERT_TRUE(reader.ok());
    FileReader moved = *std::move(reader);
    EXPECT_EQ(ReadAll(&moved, 3), "x");
    EXPECT_EQ(os.open_files(), 1U);
  }
  EXPECT_EQ(os.open_files(), 0U);
}

TEST(FileReaderTest, AFileIsReadAtOnce) {
  FakeOs os;
  os.files["a.log"] = "one\ntwo\nthree";
  for (const size_t most : {size_t{1}, size_t{5}, size_t{1000}}) {
    os.most_read = most;
    EXPECT_EQ(ReadFile(&os, "a.log", 13).value(), "one\ntwo\nthree");
    EXPECT_EQ(ReadFile(&os, "a.log", 100).value(), "one\ntwo\nthree");
    EXPECT_EQ(ReadFile(&os, "a.log", 5).value(), "one\nt");
  }
  EXPECT_TRUE(absl::IsNotFound(ReadFile(&os, "missing", 5).status()));
  EXPECT_EQ(os.open_files(), 0U);
  FakeOs broken;
  broken.files["a.log"] = "x";
  broken.FailAt(3, absl::UnavailableError("Input/output error"));
  EXPECT_EQ(ReadFile(&broken, "a.log", 5).status().message(), "Input/output error");
  EXPECT_EQ(broken.open_files(), 0U);
}

}  // namespace
}  // namespace sparktail
