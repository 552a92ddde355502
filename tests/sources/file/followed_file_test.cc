#include "ingest/sources/file/followed_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/faulty_os.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

namespace fs = std::filesystem;
using testing::BytesOf;
using testing::FaultyOs;
using testing::TempDir;
using testing::WriteBytes;

// Only says where it begins.
class IdleTail : public FileTail {
 public:
  explicit IdleTail(uint64_t begin) : begin_(begin) {}
  uint64_t begin() const override { return begin_; }
  bool HasRoom() override { return true; }
  std::span<char> Room() override { return {}; }
  void OnBytes(size_t) override {}
  void EndTurn() override {}
  bool Tick(absl::Time, absl::FunctionRef<bool()>) override { return false; }
  bool WantsContinuation() const override { return false; }
  void Continue(std::string_view, bool) override {}
  bool has_continued() const override { return false; }
  void End() override {}

 private:
  uint64_t begin_;
};

class FollowedFileTest : public ::testing::Test {
 protected:
  void Append(std::string_view bytes) { std::ofstream(path_, std::ios::app) << bytes; }

  // The file, opened, read from `begin` on.
  std::unique_ptr<FollowedFile> Open(uint64_t begin = 0) {
    auto file = std::make_unique<FollowedFile>(&os_, FilePosition(), path_);
    Os::FileInfo info;
    const absl::StatusOr<int> fd = FollowedFile::Open(&os_, path_, &info);
    EXPECT_TRUE(fd.ok()) << fd.status();
    file->Adopt(*fd, info);
    const absl::Status begun = file->Begin(std::make_unique<IdleTail>(begin));
    EXPECT_TRUE(begun.ok()) << begun;
    return file;
  }
  static std::string ReadAll(FollowedFile* file, size_t at_once = 1000) {
    std::string all;
    std::vector<char> room(at_once);
    while (true) {
      const absl::StatusOr<size_t> size = file->Read(room);
      EXPECT_TRUE(size.ok()) << size.status();
      if (*size == 0) return all;
      all.append(room.data(), *size);
    }
  }
  bool IsSame(const FilePosition& position) {
    Os::FileInfo info;
    const absl::StatusOr<int> fd = FollowedFile::Open(&os_, path_, &info);
    const absl::StatusOr<bool> same =
        FollowedFile::IsSame(&os_, *fd, position.file, position.place);
    os_.Close(*fd);
    EXPECT_TRUE(same.ok()) << same.status();
    return same.value_or(false);
  }
  static bool IsIntact(const FollowedFile& file) {
    const absl::StatusOr<bool> intact = file.IsIntact();
    EXPECT_TRUE(intact.ok()) << intact.status();
    return intact.value_or(false);
  }
  static std::string Text(size_t size, size_t seed = 0) {
    std::string text;
    for (size_t i = seed; text.size() < size; ++i) text += std::to_string(i * 7919) + "\n";
    text.resize(size);
    return text;
  }

  TempDir dir_{TempDir::Place::kMemory};
  const std::string path_ = dir_ / "driver.log";
  FaultyOs os_;
};

TEST_F(FollowedFileTest, OnlyRegularFilesAreOpened) {
  Os::FileInfo info;
  EXPECT_TRUE(absl::IsNotFound(FollowedFile::Open(&os_, path_, &info).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(FollowedFile::Open(&os_, dir_.path(), &info).status()));
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(FollowedFile::Open(&os_, path_, &info).status()));
  WriteBytes(dir_ / "real", "x");
  fs::create_symlink(dir_ / "real", dir_ / "link");
  EXPECT_TRUE(absl::IsFailedPrecondition(FollowedFile::Open(&os_, dir_ / "link", &info).status()));
  os_.Fail({.calls = {FaultyOs::Call::kStat}});
  EXPECT_TRUE(absl::IsUnavailable(FollowedFile::Open(&os_, dir_ / "real", &info).status()));
  EXPECT_EQ(os_.open_files(), 0U);
}

TEST_F(FollowedFileTest, ReadsFromWhereItsTailSays) {
  WriteBytes(path_, "0123456789");
  EXPECT_EQ(ReadAll(Open().get()), "0123456789");
  const auto file = Open(4);
  EXPECT_EQ(file->lag_bytes(), 6U);
  EXPECT_EQ(ReadAll(file.get(), 3), "456789");
  EXPECT_EQ(file->read_bytes(), 10U);
  EXPECT_EQ(file->lag_bytes(), 0U);
  Append("abc");
  EXPECT_EQ(ReadAll(file.get()), "abc");
  EXPECT_EQ(file->identity().size, 13U);
}

TEST_F(FollowedFileTest, ThePrefixIsThatOfTheFileHoweverItWasRead) {
  const std::string text = Text(10'000);
  for (const uint64_t begin : {0, 1, 100, 4095, 4096, 4097, 9000}) {
    for (const size_t at_once : {1, 7, 4096, 20'000}) {
      WriteBytes(path_, text.substr(0, begin));
      const auto file = Open(begin);
      EXPECT_EQ(file->identity().prefix,
                Fingerprint::Of(text.substr(0, std::min<size_t>(begin, 4096))));
      Append(text.substr(begin));
      ReadAll(file.get(), at_once);
      EXPECT_EQ(file->identity().prefix, Fingerprint::Of(text.substr(0, 4096)));
      EXPECT_TRUE(IsIntact(*file));
    }
  }
}

TEST_F(FollowedFileTest, AGrownFileIsTheSame) {
  WriteBytes(path_, Text(500));
  FilePosition position;
  position.file.prefix = Fingerprint::Of(Text(500));
  position.place.raw = 300;
  position.place.marker = Fingerprint::Of(Text(500).substr(300 - 256, 256));
  EXPECT_TRUE(IsSame(position));
  Append("more");
  EXPECT_TRUE(IsSame(position));
}

TEST_F(FollowedFileTest, AnotherContentIsNotTheSame) {
  const std::string text = Text(5000);
  FilePosition position;
  position.file.prefix = Fingerprint::Of(text.substr(0, 4096));
  position.place.raw = 4800;
  position.place.marker = Fingerprint::Of(text.substr(4800 - 256, 256));
  WriteBytes(path_, text);
  EXPECT_TRUE(IsSame(position));
  // The banners are equal, so the bytes before the cursor decide.
  WriteBytes(path_, text.substr(0, 4500) + Text(1000, 77));
  EXPECT_FALSE(IsSame(position));
  WriteBytes(path_, "x" + text.substr(1));
  EXPECT_FALSE(IsSame(position));
  WriteBytes(path_, text.substr(0, 4799));
  EXPECT_FALSE(IsSame(position));
  WriteBytes(path_, text.substr(0, 4000));
  EXPECT_FALSE(IsSame(position));
  WriteBytes(path_, "");
  EXPECT_FALSE(IsSame(position));
  position.place.raw = 100;  // shorter than its marker: never stored so
  WriteBytes(path_, text);
  EXPECT_FALSE(IsSame(position));
}

TEST_F(FollowedFileTest, APositionWithoutFingerprintsMatchesEveryFile) {
  WriteBytes(path_, "x");
  EXPECT_TRUE(IsSame(FilePosition()));
}

TEST_F(FollowedFileTest, AnErrorProvesNothing) {
  WriteBytes(path_, Text(500));
  FilePosition position;
  position.file.prefix = Fingerprint::Of(Text(500));
  position.place.raw = 500;
  position.place.marker = Fingerprint::Of(Text(500).substr(244));
  Os::FileInfo info;
  const absl::StatusOr<int> fd = FollowedFile::Open(&os_, path_, &info);
  for (size_t n = 1; n <= 2; ++n) {
    os_.Fail({.n = n, .calls = {FaultyOs::Call::kReadAt}});
    EXPECT_TRUE(absl::IsUnavailable(
        FollowedFile::IsSame(&os_, *fd, position.file, position.place).status()));
  }
  os_.Heal();
  os_.set_most_read(7);
  EXPECT_TRUE(FollowedFile::IsSame(&os_, *fd, position.file, position.place).value());
  os_.Close(*fd);
}

TEST_F(FollowedFileTest, TheBytesReadLastProveATruncation) {
  for (const size_t read : {1, 10, 256, 257, 5000}) {
    const std::string text = Text(read, 1000);
    WriteBytes(path_, text);
    const auto file = Open();
    EXPECT_TRUE(IsIntact(*file)) << "nothing was read yet";
    ReadAll(file.get());
    EXPECT_TRUE(IsIntact(*file));
    fs::resize_file(path_, 0);
    EXPECT_FALSE(IsIntact(*file));
    // Grown past the old place (F3).
    Append("z" + Text(2 * read, 500));
    EXPECT_FALSE(IsIntact(*file));
    // Written anew with the same bytes: nothing is lost.
    fs::resize_file(path_, 0);
    Append(text + "more");
    EXPECT_TRUE(IsIntact(*file));
    EXPECT_EQ(ReadAll(file.get()), "more");
    fs::resize_file(path_, read - 1);
    EXPECT_FALSE(IsIntact(*file));
  }
}

TEST_F(FollowedFileTest, WithoutATimeInTheBytesReadLastTheHeadProvesATruncation) {
  const std::string same(5000, '.');
  for (const std::string last : {"", ":", "15:34:1", "1:34:11", "15:34.11"}) {
    WriteBytes(path_, "one" + same + last);
    const auto file = Open();
    ReadAll(file.get());
    EXPECT_TRUE(IsIntact(*file)) << last;
    WriteBytes(path_, "two" + same + last + "more");
    std::array<char, 100> room{};
    bool is_intact = true;
    EXPECT_EQ(file->ReadOn(room, &is_intact).value(), 0U) << last;
    EXPECT_FALSE(is_intact) << last;
    EXPECT_FALSE(IsIntact(*file)) << last;
  }
}

TEST_F(FollowedFileTest, WithATimeInTheBytesReadLastOneCallSuffices) {
  for (const size_t after : {0, 1, 248}) {
    WriteBytes(path_, std::string(5000, '.') + "15:34:11" + std::string(after, '.'));
    const auto file = Open();
    ReadAll(file.get());
    Append("more");
    const size_t calls = os_.calls(FaultyOs::Call::kReadAt);
    std::array<char, 100> room{};
    bool is_intact = true;
    EXPECT_EQ(file->ReadOn(room, &is_intact).value(), 4U);
    EXPECT_TRUE(is_intact);
    EXPECT_EQ(os_.calls(FaultyOs::Call::kReadAt), calls + 1) << after;
  }
}

TEST_F(FollowedFileTest, ATruncationIsNoticedAfterAResume) {
  WriteBytes(path_, Text(1000));
  const auto file = Open(600);
  EXPECT_TRUE(IsIntact(*file));
  fs::resize_file(path_, 0);
  Append(Text(2000, 900));
  EXPECT_FALSE(IsIntact(*file));
}

TEST_F(FollowedFileTest, AfterAnErrorNothingHasBegun) {
  WriteBytes(path_, Text(1000));
  FollowedFile file(&os_, FilePosition(), path_);
  Os::FileInfo info;
  file.Adopt(FollowedFile::Open(&os_, path_, &info).value(), info);
  for (size_t n = 1; n <= 2; ++n) {
    os_.Fail({.n = n, .calls = {FaultyOs::Call::kReadAt}});
    EXPECT_TRUE(absl::IsUnavailable(file.Begin(std::make_unique<IdleTail>(600))));
    EXPECT_FALSE(file.begun());
  }
  EXPECT_TRUE(file.Begin(std::make_unique<IdleTail>(600)).ok());
  EXPECT_EQ(ReadAll(&file), Text(1000).substr(600));
}

TEST_F(FollowedFileTest, AClosedFileIsKnownAgain) {
  WriteBytes(path_, Text(3000));
  const auto file = Open();
  ReadAll(file.get());
  file->Close();
  EXPECT_EQ(os_.open_files(), 0U);
  const auto is_same = [&] {
    Os::FileInfo info;
    const absl::StatusOr<int> fd = FollowedFile::Open(&os_, path_, &info);
    const absl::StatusOr<bool> same = file->IsSame(*fd);
    os_.Close(*fd);
    return same.value();
  };
  Append("more");
  EXPECT_TRUE(is_same());
  WriteBytes(path_, Text(2900) + Text(500, 800));  // the same head
  EXPECT_FALSE(is_same());
  WriteBytes(path_, Text(5000, 800));
  EXPECT_FALSE(is_same());
}

TEST_F(FollowedFileTest, NothingStaysOpen) {
  WriteBytes(path_, "x");
  { const auto file = Open(); }
  EXPECT_EQ(os_.open_files(), 0U);
  const auto file = Open();
  const int fd = file->Release();
  EXPECT_FALSE(file->is_open());
  EXPECT_EQ(os_.open_files(), 1U);
  Os::FileInfo info;
  file->Adopt(fd, info);
  file->Adopt(FollowedFile::Open(&os_, path_, &info).value(), info);
  EXPECT_EQ(os_.open_files(), 1U);
}

}  // namespace
}  // namespace sparktail
