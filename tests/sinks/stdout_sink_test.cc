#include "sinks/stdout/stdout_sink.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>
#include <string>

#include "parsers/json_text.h"
#include "tests/support/faulty_os.h"
#include "tests/support/feed.h"
#include "tests/support/memory_cursor_store.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::BytesOf;
using testing::FaultyOs;
using testing::Feed;
using ::testing::HasSubstr;
using testing::MemoryCursorStore;
using testing::TempDir;
using Call = FaultyOs::Call;

constexpr char kSink[] = "stdout";

// Standard output is a file here.
class StdoutSinkTest : public ::testing::Test {
 protected:
  StdoutSinkTest()
      : path_(folder_ / "out"),
        fd_(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) {}
  ~StdoutSinkTest() override { ::close(fd_); }

  std::unique_ptr<StdoutSink> Make(bool terminal = false) {
    return std::make_unique<StdoutSink>(&os_, &store_, kSink, fd_, terminal);
  }
  std::string Content() const { return BytesOf(path_); }
  uint64_t Committed() { return Feed::OffsetOf(*store_.Load(kSink)); }

  TempDir folder_;
  FaultyOs os_;
  MemoryCursorStore store_;
  const std::string path_;
  const int fd_;
};

TEST_F(StdoutSinkTest, WritesALineAnEvent) {
  ASSERT_TRUE(Feed(10).Run(Make().get()).ok());
  EXPECT_EQ(Content(), Feed::Lines(0, 10));
  EXPECT_EQ(Feed::OffsetOf(*Make()->Open()), 10U);
}

TEST_F(StdoutSinkTest, CursorsComeAfterTheBytes) {
  const auto sink = Make();
  ASSERT_TRUE(sink->Open().ok());
  ASSERT_TRUE(sink->Write(Feed::Events(0, 5), 2).ok());
  EXPECT_EQ(Content(), Feed::Lines(2, 5));
  EXPECT_EQ(Committed(), 0U);
  const StreamCursor cursor = Feed::CursorAt(5);
  ASSERT_TRUE(sink->Commit({&cursor, 1}).ok());
  EXPECT_EQ(Committed(), 5U);
}

TEST_F(StdoutSinkTest, AReaderThatHasGoneHasAnErrorOfItsOwn) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ::close(ends[0]);
  // As main() does.
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  StdoutSink sink(&os_, &store_, kSink, ends[1], /*terminal=*/false);
  ASSERT_TRUE(sink.Open().ok());
  EXPECT_TRUE(absl::IsCancelled(sink.Write(Feed::Events(0, 2), 0)));
  EXPECT_TRUE(absl::IsCancelled(sink.Tidy())) << "though there is nothing to write";
  ::signal(SIGPIPE, before);
  ::close(ends[1]);
}

TEST_F(StdoutSinkTest, AReaderThatTakesNothingIsThereStill) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_NONBLOCK), 0);
  while (::write(ends[1], "x", 1) == 1) {
  }
  StdoutSink sink(&os_, &store_, kSink, ends[1], /*terminal=*/false);
  EXPECT_TRUE(sink.Tidy().ok());
  EXPECT_TRUE(Make()->Tidy().ok()) << "a file";
  os_.Fail({});
  EXPECT_TRUE(sink.Tidy().ok()) << "an error says nothing of it";
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(StdoutSinkTest, AFullDiskHasAnErrorOfItsOwn) {
  const auto sink = Make();
  os_.Fail({.status = absl::ResourceExhaustedError("No space left on device")});
  const absl::Status status = sink->Write(Feed::Events(0, 2), 0);
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("standard output"));
}

TEST_F(StdoutSinkTest, DocumentsDoNotCommandATerminal) {
  EventBuffer events;
  Feed::Append("{\"a\":\"\x7f\xC2\x9B[2J\"}", Feed::Id(1), &events);
  ASSERT_TRUE(Make(/*terminal=*/true)->Write(events, 0).ok());
  EXPECT_EQ(Content(), "{\"a\":\"\\u007f\\u009b[2J\"}\n");
}

// A living process writes no byte twice, whatever fails.
TEST_F(StdoutSinkTest, AnyCallFailsOnce) {
  for (const bool terminal : {false, true}) {
    for (const size_t most_written : {SIZE_MAX, size_t{100}}) {
      os_.set_most_written(most_written);
      for (size_t n = 1;; ++n) {
        store_.Clear();
        ASSERT_EQ(::ftruncate(fd_, 0), 0);
        os_.Fail({.n = n});
        ASSERT_TRUE(Feed(20).Run(Make(terminal).get()).ok());
        ASSERT_EQ(Feed::Summary(Content()), Feed::SummaryOf(0, 20)) << n;
        ASSERT_EQ(Committed(), 20U);
        if (os_.failed() == 0) break;
      }
    }
  }
}

TEST_F(StdoutSinkTest, AnyStoringOfCursorsFailsOnce) {
  for (const bool takes_effect : {false, true}) {
    for (size_t n = 1;; ++n) {
      store_.Clear();
      ASSERT_EQ(::ftruncate(fd_, 0), 0);
      store_.Fail({.n = n, .takes_effect = takes_effect});
      ASSERT_TRUE(Feed(20).Run(Make().get()).ok());
      ASSERT_EQ(Feed::Summary(Content()), Feed::SummaryOf(0, 20)) << n;
      ASSERT_EQ(Committed(), 20U);
      if (store_.failed() == 0) break;
    }
  }
}

// The store may fail for a long time, because its disk is full.
TEST_F(StdoutSinkTest, RetriesWriteNothingTwice) {
  const auto sink = Make();
  Feed feed(20);
  store_.Fail({.from_then_on = true});
  EXPECT_FALSE(feed.Run(sink.get()).ok());
  EXPECT_EQ(Feed::Summary(Content()), Feed::SummaryOf(0, 6));
  store_.Heal();
  ASSERT_TRUE(sink->Rollback().ok());
  ASSERT_TRUE(feed.Run(sink.get()).ok());
  EXPECT_EQ(Feed::Summary(Content()), Feed::SummaryOf(0, 20));
}

// After a kill some lines are repeated; none is missing.
TEST_F(StdoutSinkTest, KilledAtAnyCall) {
  for (size_t n = 1;; ++n) {
    store_.Clear();
    ASSERT_EQ(::ftruncate(fd_, 0), 0);
    os_.Fail({.n = n, .from_then_on = true});
    Feed feed(20);
    feed.max_failures = 0;
    const absl::Status status = feed.Run(Make().get());
    if (os_.failed() == 0) break;
    os_.Heal();
    const uint64_t committed = Committed();
    const std::string before = Content();
    ASSERT_EQ(before.substr(0, Feed::Lines(0, committed).size()), Feed::Lines(0, committed)) << n;
    ASSERT_TRUE(Feed(20).Run(Make().get()).ok()) << status;
    ASSERT_EQ(Content(), before + Feed::Lines(committed, 20)) << n;
  }
}

}  // namespace
}  // namespace sparktail
