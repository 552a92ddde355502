#include "sinks/file/file_state.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "tests/support/feed.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::Feed;

class FileStateTest : public ::testing::Test {
 protected:
  ~FileStateTest() override {
    if (fd_ >= 0) ::close(fd_);
  }
  int Make(const std::string& text) {
    testing::WriteBytes(path_, text);
    if (fd_ < 0) fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    return fd_;
  }
  // The state of the present file, with `length` committed bytes.
  FileState StateOf(uint64_t length, uint64_t head_size) {
    FileState state;
    state.length = length;
    state.head_size = head_size;
    state.head_hash = *HashHead(&os_, fd_, head_size);
    const Os::FileInfo info = *os_.Stat(fd_);
    state.device = info.device;
    state.inode = info.inode;
    return state;
  }
  bool IsKnown(const FileState& state) { return *IsFileOf(state, &os_, fd_); }

  testing::TempDir folder_;
  const std::string path_ = folder_ / "events.ndjson";
  PosixOs os_;
  int fd_ = -1;
};

TEST_F(FileStateTest, JsonAndBack) {
  const FileState state{.path = "/a \"b\"",
                        .commit = 7,
                        .length = UINT64_MAX,
                        .head_size = 4096,
                        .head_hash = "00ff",
                        .device = 1,
                        .inode = 2,
                        .begun_ms = 1'795'276'340'000,
                        .recovered_ms = -1};
  const std::optional<FileState> read = FileState::FromJson(state.ToJson());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->ToJson(), state.ToJson());
  EXPECT_EQ(read->path, "/a \"b\"");
  EXPECT_EQ(read->commit, 7U);
  EXPECT_EQ(read->length, UINT64_MAX);
  EXPECT_EQ(read->head_hash, "00ff");
  EXPECT_EQ(read->recovered_ms, -1);
}

TEST_F(FileStateTest, OtherJsonIsNoState) {
  std::string newer = FileState().ToJson();
  newer.replace(newer.find(":1"), 2, ":2");
  std::string huge = FileState().ToJson();
  huge.replace(huge.find("\"headSize\":0"), 12, "\"headSize\":99999999999");
  for (const std::string& json : {std::string(), std::string("{"), std::string("{\"version\":1}"),
                                  std::string("[]"), newer, huge}) {
    EXPECT_FALSE(FileState::FromJson(json)) << json;
  }
}

TEST_F(FileStateTest, AHeadThatIsNotThereHasNoHash) {
  Make("0123456789");
  EXPECT_EQ(HashHead(&os_, fd_, 10)->size(), 32U);
  EXPECT_NE(*HashHead(&os_, fd_, 10), *HashHead(&os_, fd_, 9));
  EXPECT_EQ(*HashHead(&os_, fd_, 11), "");
}

TEST_F(FileStateTest, ALongHeadIsEnough) {
  Make(Feed::Lines(0, 20));
  FileState state = StateOf(4000, 4000);
  state.inode += 1;
  state.device += 1;
  EXPECT_TRUE(IsKnown(state));
  Make(Feed::Lines(1, 20));
  EXPECT_FALSE(IsKnown(state));
  Make(Feed::Lines(0, 3));
  EXPECT_FALSE(IsKnown(state)) << "shorter than the head";
}

TEST_F(FileStateTest, AShortHeadNeedsTheInode) {
  Make("a line\nand more\n");
  FileState state = StateOf(7, 7);
  EXPECT_TRUE(IsKnown(state));
  state.inode += 1;
  EXPECT_FALSE(IsKnown(state));
}

TEST_F(FileStateTest, BeforeTheFirstCommitItMustHoldDocuments) {
  Make("");
  const FileState state = StateOf(0, 0);
  EXPECT_TRUE(IsKnown(state));
  Make(Feed::Lines(0, 2));
  EXPECT_TRUE(IsKnown(state));
  Make("{\"@times");
  EXPECT_TRUE(IsKnown(state));
  Make("what a user wrote\n");
  EXPECT_FALSE(IsKnown(state));
}

TEST_F(FileStateTest, BeginningsOfDocuments) {
  for (const char* text : {"", "{", "{\"kin", "{\"kind\":\"query\"", "{\"@timestamp\":\"2026"}) {
    EXPECT_TRUE(BeginsLikeDocument(text)) << text;
  }
  for (const char* text : {"x", "{\"id\"", "\n{\"kind\":\"", " {", "{\"kind\":7"}) {
    EXPECT_FALSE(BeginsLikeDocument(text)) << text;
  }
}

}  // namespace
}  // namespace sparktail
