#include "ingest/sources/file/log_tails.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "tests/support/corpus.h"
#include "tests/support/spark_log.h"
#include "tests/support/stream_keys.h"
#include "tests/support/tail_life.h"
#include "tests/support/wrap.h"

namespace sparktail {
namespace {

using testing::DataPath;
using testing::FileNamed;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::ReadFile;
using testing::Records;
using testing::TailLife;
using ::testing::UnorderedElementsAre;
using testing::Wrap;

void Feed(FileTail* tail, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::span<char> room = tail->Room();
    const size_t size = std::min(room.size(), bytes.size());
    std::copy_n(bytes.begin(), size, room.begin());
    tail->OnBytes(size);
    bytes.remove_prefix(size);
  }
  tail->EndTurn();
}

TEST(LogTailsTest, CountTheStreamsOfAllFiles) {
  const FilePosition plain = FileNamed("a.log");
  const FilePosition wrapped = FileNamed("0.log");
  TailLife life;
  auto one = life.tails->MakeTail(&plain.file, plain.place);
  auto other = life.tails->MakeTail(&wrapped.file, wrapped.place);
  Feed(one.get(), Records(0, 2));
  Feed(other.get(), Wrap(Records(5, 8), {.wrapping = Wrapping::kCri}));
  EXPECT_THAT(life.tails->Streams(), UnorderedElementsAre("src/a.log", "src/0.log/stderr"));
  one->End();
  one = nullptr;
  EXPECT_THAT(life.tails->Streams(), UnorderedElementsAre("src/0.log/stderr"));
  other->End();
  other = nullptr;
  EXPECT_THAT(life.tails->Streams(), IsEmpty());
  EXPECT_EQ(life.tails->stats().total(), 5U) << "also of those that have ended";
}

// A rotated log's successor has no banner of its own.
class ContextTest : public ::testing::Test {
 protected:
  ContextTest() { second_.file.after = first_.file.name; }

  std::string ReadSecond(TailLife* life) {
    const auto tail = life->tails->MakeTail(&second_.file, second_.place);
    Feed(tail.get(), Records(0, 1));
    tail->End();
    return life->Finish().documents().back();
  }

  const std::string log_ = ReadFile(DataPath("3.5.9/basic.default.log"));
  const FilePosition first_ = FileNamed("a.log.1");
  FilePosition second_ = FileNamed("a.log");
};

TEST_F(ContextTest, ComesFromAFileThatIsStillFollowed) {
  TailLife life;
  const auto tail = life.tails->MakeTail(&first_.file, first_.place);
  Feed(tail.get(), log_);
  EXPECT_THAT(ReadSecond(&life), HasSubstr("\"appId\""));
}

TEST_F(ContextTest, ComesFromAFileThatHasEnded) {
  TailLife life;
  auto tail = life.tails->MakeTail(&first_.file, first_.place);
  Feed(tail.get(), log_);
  tail->End();
  tail = nullptr;
  EXPECT_THAT(ReadSecond(&life), HasSubstr("\"appId\""));
}

TEST_F(ContextTest, ComesFromTheCursorOfAFileThatAnEarlierProcessHasRead) {
  std::vector<StreamCursor> cursors;
  {
    TailLife life;
    const auto tail = life.tails->MakeTail(&first_.file, first_.place);
    Feed(tail.get(), log_);
    tail->End();
    cursors = life.Finish().commits().back().cursors;
  }
  TailLife life(cursors);
  EXPECT_THAT(ReadSecond(&life), HasSubstr("\"appId\""));
}

TEST_F(ContextTest, ComesFromNoOtherFile) {
  second_.file.after.clear();
  TailLife life;
  const auto tail = life.tails->MakeTail(&first_.file, first_.place);
  Feed(tail.get(), log_);
  EXPECT_THAT(ReadSecond(&life), Not(HasSubstr("\"appId\"")));
}

}  // namespace
}  // namespace sparktail
