#include "sinks/file/file_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/corpus.h"
#include "tests/support/faulty_os.h"
#include "tests/support/feed.h"
#include "tests/support/memory_cursor_store.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::BytesOf;
using ::testing::ElementsAre;
using testing::FaultyOs;
using testing::Feed;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MemoryCursorStore;
using testing::RecordingLog;
using ::testing::SizeIs;
using testing::TempDir;
using testing::WriteBytes;
using Call = FaultyOs::Call;

constexpr char kSink[] = "events";

class FileSinkTest : public ::testing::Test {
 protected:
  FileSinkTest() { options_.path = folder_ / "events.ndjson"; }

  std::unique_ptr<FileSink> Make(bool recover = false) {
    return std::make_unique<FileSink>(&os_, &log_, &store_, kSink, options_, recover);
  }
  std::unique_ptr<FileSink> MakeOpen(bool recover = false) {
    std::unique_ptr<FileSink> sink = Make(recover);
    const auto cursors = sink->Open();
    EXPECT_TRUE(cursors.ok()) << cursors.status();
    return sink;
  }
  // Events [begin, end), and a commit after them.
  static void Deliver(FileSink* sink, size_t begin, size_t end) {
    ASSERT_TRUE(sink->Write(Feed::Events(begin, end), 0).ok());
    const StreamCursor cursor = Feed::CursorAt(end);
    const absl::Status status = sink->Commit({&cursor, 1});
    ASSERT_TRUE(status.ok()) << status;
  }

  std::string path() const { return options_.path; }
  std::string Content() const { return BytesOf(path()); }
  uint64_t Committed() { return Feed::OffsetOf(*store_.Load(kSink)); }

  // Other files in the folder, the oldest first.
  std::vector<std::string> Others() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      if (entry.path() != path()) names.push_back(entry.path());
    }
    // "….2" comes before "….10".
    std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
      return std::pair(a.size(), a) < std::pair(b.size(), b);
    });
    return names;
  }
  // The contents of all files.
  std::string AllContent() const {
    std::string all;
    for (const std::string& name : Others()) all += BytesOf(name);
    return all + Content();
  }

  TempDir folder_;
  FaultyOs os_;
  RecordingLog log_;
  MemoryCursorStore store_;
  FileSinkOptions options_;
};

// ---------------------------------------------------------------- Writing and committing

TEST_F(FileSinkTest, WritesALineAnEvent) {
  {
    const auto sink = MakeOpen();
    Deliver(sink.get(), 0, 3);
    Deliver(sink.get(), 3, 5);
  }
  EXPECT_EQ(Content(), Feed::Lines(0, 5));
  EXPECT_EQ(Feed::OffsetOf(*Make()->Open()), 5U);
  struct stat info {};
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640U);
}

TEST_F(FileSinkTest, WritesFromTheFirstEventOn) {
  const auto sink = MakeOpen();
  ASSERT_TRUE(sink->Write(Feed::Events(0, 5), 3).ok());
  ASSERT_TRUE(sink->Write(Feed::Events(0, 5), 5).ok());
  EXPECT_EQ(Content(), Feed::Lines(3, 5));
}

TEST_F(FileSinkTest, EventsAreThereBeforeTheyAreCommitted) {
  const auto sink = MakeOpen();
  ASSERT_TRUE(sink->Write(Feed::Events(0, 2), 0).ok());
  EXPECT_EQ(Content(), Feed::Lines(0, 2));
  EXPECT_EQ(Committed(), 0U);
}

TEST_F(FileSinkTest, OneWriteABatch) {
  const auto sink = MakeOpen();
  const size_t before = os_.calls(Call::kWrite);
  ASSERT_TRUE(sink->Write(Feed::Events(0, 5000), 0).ok());
  EXPECT_EQ(os_.calls(Call::kWrite), before + 1);
}

TEST_F(FileSinkTest, DataIsDurableBeforeItsCursors) {
  const auto sink = MakeOpen();
  ASSERT_TRUE(sink->Write(Feed::Events(0, 2), 0).ok());
  os_.Fail({.calls = {Call::kSync}});
  const StreamCursor cursor = Feed::CursorAt(2);
  EXPECT_TRUE(absl::IsUnavailable(sink->Commit({&cursor, 1})));
  EXPECT_EQ(Committed(), 0U);
}

TEST_F(FileSinkTest, CursorsMoveOverNoiseWithoutAnEvent) {
  {
    const auto sink = MakeOpen();
    const StreamCursor cursor = Feed::CursorAt(7);
    ASSERT_TRUE(sink->Commit({&cursor, 1}).ok());
  }
  EXPECT_EQ(Feed::OffsetOf(*Make()->Open()), 7U);
}

TEST_F(FileSinkTest, RollbackForgetsWhatIsNotCommitted) {
  const auto sink = MakeOpen();
  Deliver(sink.get(), 0, 2);
  ASSERT_TRUE(sink->Write(Feed::Events(2, 9), 0).ok());
  const auto made = sink->Rollback();
  ASSERT_TRUE(made.ok());
  EXPECT_FALSE(*made);
  EXPECT_EQ(Content(), Feed::Lines(0, 2));
  Deliver(sink.get(), 2, 4);
  EXPECT_EQ(Content(), Feed::Lines(0, 4));
}

TEST_F(FileSinkTest, ACommitThatFailedIsNotMade) {
  const auto sink = MakeOpen();
  ASSERT_TRUE(sink->Write(Feed::Events(0, 2), 0).ok());
  store_.Fail({.takes_effect = false});
  const StreamCursor cursor = Feed::CursorAt(2);
  EXPECT_FALSE(sink->Commit({&cursor, 1}).ok());
  const auto made = sink->Rollback();
  ASSERT_TRUE(made.ok());
  EXPECT_FALSE(*made);
  EXPECT_EQ(Content(), "");
}

TEST_F(FileSinkTest, AFailedCommitMaySucceedAfterAll) {
  const auto sink = MakeOpen();
  ASSERT_TRUE(sink->Write(Feed::Events(0, 2), 0).ok());
  store_.Fail({.takes_effect = true});
  const StreamCursor cursor = Feed::CursorAt(2);
  EXPECT_FALSE(sink->Commit({&cursor, 1}).ok());
  // A failed Rollback() does not lose the fact that the commit succeeded.
  os_.Fail({.calls = {Call::kStat}});
  EXPECT_FALSE(sink->Rollback().ok());
  const auto made = sink->Rollback();
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(*made);
  EXPECT_EQ(Content(), Feed::Lines(0, 2));
  Deliver(sink.get(), 2, 4);
  EXPECT_EQ(Content(), Feed::Lines(0, 4));
}

TEST_F(FileSinkTest, AFullDiskHasAnErrorOfItsOwn) {
  const auto sink = MakeOpen();
  os_.Fail(
      {.status = absl::ResourceExhaustedError("No space left on device"), .calls = {Call::kWrite}});
  const absl::Status status = sink->Write(Feed::Events(0, 2), 0);
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr(path()));
}

TEST_F(FileSinkTest, ErrorsWhileRunningAreRetried) {
  const auto sink = MakeOpen();
  os_.Fail({.status = absl::PermissionDeniedError("Permission denied"), .calls = {Call::kWrite}});
  EXPECT_TRUE(absl::IsUnavailable(sink->Write(Feed::Events(0, 2), 0)));
}

// ---------------------------------------------------------------- Opening

TEST_F(FileSinkTest, UncommittedBytesAreCutOff) {
  {
    const auto sink = MakeOpen();
    Deliver(sink.get(), 0, 2);
    ASSERT_TRUE(sink->Write(Feed::Events(2, 9), 0).ok());
  }
  const auto sink = MakeOpen();
  EXPECT_EQ(Content(), Feed::Lines(0, 2));
}

TEST_F(FileSinkTest, BytesBeforeTheFirstCommitAreCutOff) {
  ASSERT_TRUE(MakeOpen()->Write(Feed::Events(0, 9), 0).ok());
  const auto sink = MakeOpen();
  EXPECT_EQ(Content(), "");
}

TEST_F(FileSinkTest, AKnownFileIsKnownOnAnotherDisk) {
  {
    const auto sink = MakeOpen();
    Deliver(sink.get(), 0, 20);
    ASSERT_TRUE(sink->Write(Feed::Events(20, 23), 0).ok());
  }
  const std::string text = Content();
  std::filesystem::rename(path(), folder_ / "old");
  WriteBytes(path(), text);
  std::filesystem::remove(folder_ / "old");
  const auto sink = MakeOpen();
  EXPECT_EQ(Content(), Feed::Lines(0, 20));
}

TEST_F(FileSinkTest, AnUnknownFileIsOnlyAppendedTo) {
  WriteBytes(path(), "what a user wrote\nwithout an end");
  const auto sink = MakeOpen();
  Deliver(sink.get(), 0, 2);
  EXPECT_EQ(Content(), "what a user wrote\nwithout an end\n" + Feed::Lines(0, 2));
}

TEST_F(FileSinkTest, AnotherFileInItsPlaceIsOnlyAppendedTo) {
  Deliver(MakeOpen().get(), 0, 20);
  // Its inode is the same, and it is longer than the committed length.
  const std::string other = Feed::Lines(100, 150);
  WriteBytes(path(), other);
  {
    const auto sink = MakeOpen();
    Deliver(sink.get(), 20, 22);
    ASSERT_TRUE(sink->Write(Feed::Events(22, 25), 0).ok());
  }
  const auto sink = MakeOpen();
  EXPECT_EQ(Content(), other + Feed::Lines(20, 22));
}

TEST_F(FileSinkTest, AFileOfSomebodyElseIsNotCutBeforeTheFirstCommit) {
  { const auto sink = MakeOpen(); }
  WriteBytes(path(), "a user's own\n");
  const auto sink = MakeOpen();
  EXPECT_EQ(Content(), "a user's own\n");
}

uint64_t LostBytes(const FileSink& sink) {
  SinkStatus status;
  sink.AddTo(&status);
  return status.lost_bytes;
}

TEST_F(FileSinkTest, AFileThatBecameShorterIsReported) {
  Deliver(MakeOpen().get(), 0, 20);
  const uint64_t size = Content().size();
  std::filesystem::resize_file(path(), size - 100);
  const std::string rest = Content();
  const auto sink = MakeOpen();
  EXPECT_TRUE(log_.Has("another process cut it"));
  EXPECT_EQ(LostBytes(*sink), 100U);
  Deliver(sink.get(), 20, 22);
  EXPECT_EQ(Content(), rest + "\n" + Feed::Lines(20, 22));
}

TEST_F(FileSinkTest, TwoDoNotWriteOneFile) {
  const auto first = MakeOpen();
  MemoryCursorStore other_store;
  FileSink second(&os_, &log_, &other_store, "other", options_, /*recover=*/false);
  const auto cursors = second.Open();
  EXPECT_TRUE(absl::IsFailedPrecondition(cursors.status()));
  EXPECT_THAT(std::string(cursors.status().message()),
              ::testing::AllOf(HasSubstr(path()), HasSubstr("another process")));
}

TEST_F(FileSinkTest, ErrorsAtTheStartSayWhatToDo) {
  const auto message = [&](const std::string& target) {
    options_.path = target;
    return std::string(Make()->Open().status().message());
  };
  EXPECT_THAT(message(folder_ / "missing/events.ndjson"),
              HasSubstr("mkdir -p " + (folder_ / "missing")));
  EXPECT_THAT(message(folder_.path()), HasSubstr("Is a directory"));
  ASSERT_EQ(::symlink("target", (folder_ / "link").c_str()), 0);
  EXPECT_THAT(message(folder_ / "link"), HasSubstr("symbolic link"));
  ASSERT_EQ(::mkfifo((folder_ / "fifo").c_str(), 0600), 0);
  EXPECT_THAT(message(folder_ / "fifo"), HasSubstr("not a regular file"));
  EXPECT_EQ(os_.open_files(), 0U);
}

TEST_F(FileSinkTest, AStateThatCantBeReadIsNoState) {
  ASSERT_TRUE(store_.Commit(kSink, {}, "{\"version\":99}").ok());
  const auto cursors = Make()->Open();
  EXPECT_TRUE(absl::IsFailedPrecondition(cursors.status()));
  EXPECT_THAT(std::string(cursors.status().message()), HasSubstr(kSink));
}

// ---------------------------------------------------------------- Rotation

TEST_F(FileSinkTest, RotatesBySizeAtCommits) {
  os_.SetNow(absl::FromUnixSeconds(1'795'276'340));
  options_.rotate_bytes = 500;
  const auto sink = MakeOpen();
  ASSERT_TRUE(sink->Write(Feed::Events(0, 9), 0).ok());
  EXPECT_THAT(Others(), IsEmpty());
  Deliver(sink.get(), 9, 10);
  EXPECT_THAT(Others(), ElementsAre(path() + ".20261121T155220Z"));
  EXPECT_EQ(BytesOf(Others()[0]), Feed::Lines(0, 10));
  EXPECT_EQ(Content(), "");
}

TEST_F(FileSinkTest, ARotatedFileIsNeverWrittenOver) {
  os_.SetNow(absl::FromUnixSeconds(1'795'276'340));
  options_.rotate_bytes = 1;
  const auto sink = MakeOpen();
  for (size_t n = 0; n < 12; ++n) Deliver(sink.get(), n, n + 1);
  ASSERT_THAT(Others(), SizeIs(12));
  EXPECT_EQ(Others()[1], path() + ".20261121T155220Z.1");
  EXPECT_EQ(AllContent(), Feed::Lines(0, 12));
}

TEST_F(FileSinkTest, KeepsTheConfiguredNumberOfFiles) {
  os_.SetNow(absl::FromUnixSeconds(1'795'276'340));
  options_.rotate_bytes = 1;
  options_.keep_files = 3;
  WriteBytes(path() + ".gz", "not its own");
  WriteBytes(path() + ".20200101T000000Z.gz", "neither");
  const auto sink = MakeOpen();
  for (size_t n = 0; n < 12; ++n) Deliver(sink.get(), n, n + 1);
  std::filesystem::remove(path() + ".gz");
  std::filesystem::remove(path() + ".20200101T000000Z.gz");
  EXPECT_THAT(Others(), SizeIs(3));
  EXPECT_EQ(AllContent(), Feed::Lines(9, 12));
}

TEST_F(FileSinkTest, RotatesByAge) {
  os_.SetNow(absl::FromUnixSeconds(1'795'276'340));
  options_.rotate_age = absl::Hours(1);
  auto sink = MakeOpen();
  // The age of a file is that of its first event.
  os_.Advance(absl::Hours(2));
  Deliver(sink.get(), 0, 1);
  os_.Advance(absl::Minutes(40));
  sink.reset();
  sink = MakeOpen();
  Deliver(sink.get(), 1, 2);
  EXPECT_THAT(Others(), IsEmpty());
  os_.Advance(absl::Minutes(20));
  ASSERT_TRUE(sink->Tidy().ok());
  EXPECT_THAT(Others(), SizeIs(1));
  os_.Advance(absl::Hours(2));
  ASSERT_TRUE(sink->Tidy().ok());
  EXPECT_THAT(Others(), SizeIs(1)) << "an empty file was rotated";
}

TEST_F(FileSinkTest, ARotationThatFailsFailsNoEvent) {
  options_.rotate_bytes = 1;
  const auto sink = MakeOpen();
  os_.Fail({.from_then_on = true, .calls = {Call::kRename}});
  Deliver(sink.get(), 0, 1);
  Deliver(sink.get(), 1, 2);
  EXPECT_TRUE(log_.Has("the next commit retries"));
  os_.Heal();
  Deliver(sink.get(), 2, 3);
  EXPECT_THAT(Others(), SizeIs(1));
  EXPECT_EQ(AllContent(), Feed::Lines(0, 3));
}

TEST_F(FileSinkTest, AFileThatCantBeBegunIsBegunLater) {
  options_.rotate_bytes = 1;
  const auto sink = MakeOpen();
  os_.Fail({.status = absl::ResourceExhaustedError("No space left on device"),
            .from_then_on = true,
            .calls = {Call::kOpenToAppend}});
  Deliver(sink.get(), 0, 1);
  EXPECT_TRUE(absl::IsResourceExhausted(sink->Write(Feed::Events(1, 2), 0)));
  os_.Heal();
  ASSERT_TRUE(sink->Rollback().ok());
  Deliver(sink.get(), 1, 2);
  EXPECT_EQ(AllContent(), Feed::Lines(0, 2));
}

// ---------------------------------------------------------------- Others at the file

TEST_F(FileSinkTest, AFileThatIsMovedAwayIsCreatedAgain) {
  auto sink = MakeOpen();
  Deliver(sink.get(), 0, 2);
  ASSERT_TRUE(sink->Write(Feed::Events(2, 4), 0).ok());
  std::filesystem::rename(path(), path() + ".1");
  Deliver(sink.get(), 4, 6);
  EXPECT_EQ(BytesOf(path() + ".1"), Feed::Lines(0, 2));
  EXPECT_EQ(Content(), Feed::Lines(2, 6));
  EXPECT_TRUE(log_.Has("was moved away"));
  sink.reset();
  sink = MakeOpen();
  EXPECT_EQ(Content(), Feed::Lines(2, 6));
}

TEST_F(FileSinkTest, AFileThatIsMovedAndReplacedIsAppendedTo) {
  const auto sink = MakeOpen();
  Deliver(sink.get(), 0, 2);
  std::filesystem::rename(path(), path() + ".1");
  WriteBytes(path(), "");
  ASSERT_TRUE(sink->Tidy().ok());
  Deliver(sink.get(), 2, 4);
  EXPECT_EQ(BytesOf(path() + ".1"), Feed::Lines(0, 2));
  EXPECT_EQ(Content(), Feed::Lines(2, 4));
}

TEST_F(FileSinkTest, AFileThatIsDeletedIsCreatedAgain) {
  const auto sink = MakeOpen();
  Deliver(sink.get(), 0, 2);
  ASSERT_TRUE(sink->Write(Feed::Events(2, 4), 0).ok());
  std::filesystem::remove(path());
  Deliver(sink.get(), 4, 6);
  EXPECT_EQ(Content(), Feed::Lines(2, 6));
  EXPECT_TRUE(log_.Has("was deleted"));
  EXPECT_EQ(os_.open_files(), 1U);
}

TEST_F(FileSinkTest, AFileThatWasMovedMeanwhileIsCutTooWhereItIs) {
  {
    const auto sink = MakeOpen();
    Deliver(sink.get(), 0, 2);
    ASSERT_TRUE(sink->Write(Feed::Events(2, 4), 0).ok());
  }
  std::filesystem::rename(path(), path() + ".1");
  const auto sink = MakeOpen();
  Deliver(sink.get(), 2, 4);
  EXPECT_EQ(BytesOf(path() + ".1"), Feed::Lines(0, 2));
  EXPECT_EQ(Content(), Feed::Lines(2, 4));
}

TEST_F(FileSinkTest, ANewPathLeavesNothingUncommittedAtTheOldOne) {
  {
    const auto sink = MakeOpen();
    Deliver(sink.get(), 0, 2);
    ASSERT_TRUE(sink->Write(Feed::Events(2, 4), 0).ok());
  }
  const std::string old = std::exchange(options_.path, folder_ / "another/out.ndjson");
  std::filesystem::create_directory(folder_ / "another");
  Deliver(MakeOpen().get(), 2, 4);
  EXPECT_EQ(BytesOf(old), Feed::Lines(0, 2));
  EXPECT_EQ(Content(), Feed::Lines(2, 4));
}

TEST_F(FileSinkTest, AFileThatIsCutMeanwhileIsReported) {
  auto sink = MakeOpen();
  Deliver(sink.get(), 0, 9);
  const uint64_t size = Content().size();
  std::filesystem::resize_file(path(), 0);
  Deliver(sink.get(), 9, 12);
  EXPECT_EQ(Content(), Feed::Lines(9, 12));
  EXPECT_EQ(LostBytes(*sink), size);
  ASSERT_TRUE(sink->Write(Feed::Events(12, 15), 0).ok());
  sink.reset();
  sink = MakeOpen();
  EXPECT_EQ(Content(), Feed::Lines(9, 12));
}

TEST_F(FileSinkTest, GoingBackNeverMakesAFileLonger) {
  const auto sink = MakeOpen();
  Deliver(sink.get(), 0, 9);
  std::filesystem::resize_file(path(), 0);
  ASSERT_TRUE(sink->Rollback().ok());
  EXPECT_EQ(Content(), "");
  ASSERT_TRUE(sink->Write(Feed::Events(9, 12), 0).ok());
  ASSERT_TRUE(sink->Rollback().ok());
  EXPECT_EQ(Content(), "");
}

TEST_F(FileSinkTest, GoingBackInAFileThatWasCutMayItselfFail) {
  const auto sink = MakeOpen();
  Deliver(sink.get(), 0, 9);
  ASSERT_TRUE(sink->Write(Feed::Events(9, 12), 0).ok());
  store_.Fail({.takes_effect = false});
  const StreamCursor cursor = Feed::CursorAt(12);
  EXPECT_FALSE(sink->Commit({&cursor, 1}).ok());
  std::filesystem::resize_file(path(), 0);
  store_.Fail({.takes_effect = true});
  EXPECT_FALSE(sink->Rollback().ok());
  const auto made = sink->Rollback();
  ASSERT_TRUE(made.ok());
  EXPECT_FALSE(*made) << "another commit was made than that of the events";
}

TEST_F(FileSinkTest, BytesOfOtherProcessesStay) {
  const auto sink = MakeOpen();
  Deliver(sink.get(), 0, 2);
  std::ofstream(path(), std::ios::app) << "somebody else\n";
  Deliver(sink.get(), 2, 4);
  ASSERT_TRUE(sink->Rollback().ok());
  EXPECT_EQ(Content(), Feed::Lines(0, 2) + "somebody else\n" + Feed::Lines(2, 4));
  EXPECT_TRUE(log_.Has("another process writes to"));
}

// ---------------------------------------------------------------- --recover

TEST_F(FileSinkTest, RecoverWritesNoEventAgain) {
  os_.SetNow(absl::FromUnixSeconds(1'795'276'340));
  options_.rotate_bytes = 2000;
  {
    const auto sink = MakeOpen();
    Deliver(sink.get(), 0, 8);
    EXPECT_THAT(Others(), SizeIs(1));
    Deliver(sink.get(), 8, 11);
    ASSERT_TRUE(sink->Write(Feed::Events(11, 12), 0).ok());
  }
  std::filesystem::resize_file(path(), Content().size() - 30);
  store_.Clear();
  Feed feed(20);
  feed.max_failures = 0;
  ASSERT_TRUE(feed.Run(Make(/*recover=*/true).get()).ok());
  EXPECT_EQ(AllContent(), Feed::Lines(0, 20));
}

TEST_F(FileSinkTest, RecoveringMayItselfBeCutShort) {
  Deliver(MakeOpen().get(), 0, 11);
  store_.Clear();
  Deliver(MakeOpen(/*recover=*/true).get(), 0, 5);
  EXPECT_EQ(Content(), Feed::Lines(0, 11));
  // The next process does not recover, but its cursor is before the events in the file.
  ASSERT_TRUE(Feed(20).Run(Make().get()).ok());
  EXPECT_EQ(Content(), Feed::Lines(0, 20));
}

TEST_F(FileSinkTest, RecoveringEndsAfterAWeek) {
  Deliver(MakeOpen().get(), 0, 3);
  store_.Clear();
  Deliver(MakeOpen(/*recover=*/true).get(), 0, 3);
  os_.Advance(absl::Hours(24 * 8));
  Deliver(MakeOpen().get(), 0, 1);
  EXPECT_EQ(Content(), Feed::Lines(0, 3) + Feed::Lines(0, 1));
}

TEST_F(FileSinkTest, RecoverLeavesALineOfSomebodyElse) {
  WriteBytes(path(), "a user's own\nnot ended");
  Deliver(MakeOpen(/*recover=*/true).get(), 0, 3);
  EXPECT_EQ(Content(), "a user's own\nnot ended\n" + Feed::Lines(0, 3));
}

TEST_F(FileSinkTest, RecoverChangesNothingWhereNothingIsLost) {
  {
    const auto sink = MakeOpen();
    Deliver(sink.get(), 0, 3);
    ASSERT_TRUE(sink->Write(Feed::Events(3, 5), 0).ok());
  }
  ASSERT_TRUE(Feed(9).Run(Make(/*recover=*/true).get()).ok());
  EXPECT_EQ(Content(), Feed::Lines(0, 9));
}

// ---------------------------------------------------------------- Faults

constexpr size_t kEvents = 26;

class FileSinkFaultTest : public FileSinkTest {
 protected:
  FileSinkFaultTest() {
    options_.rotate_bytes = 2500;
    os_.SetNow(absl::FromUnixSeconds(1'795'276'340));
  }

  // As a new machine.
  void Reset() {
    os_.Heal();
    store_.Heal();
    store_.Clear();
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      std::filesystem::remove(entry.path());
    }
  }

  std::string Summary() const { return Feed::Summary(AllContent()); }
  // Returns the ids of all lines in order, in whichever file they are.
  std::string SortedSummary() const {
    std::istringstream text(AllContent());
    std::vector<std::pair<size_t, std::string>> lines;
    for (std::string line; std::getline(text, line);) {
      const size_t id = line.find("\"id\":\"");
      lines.emplace_back(std::strtoull(&line[id + 6], nullptr, 16), line);
    }
    std::sort(lines.begin(), lines.end());
    std::string sorted;
    for (const auto& [n, line] : lines) sorted += line + "\n";
    return Feed::Summary(sorted);
  }

  absl::Status Run(size_t max_failures = 100) {
    Feed feed(kEvents);
    feed.max_failures = max_failures;
    return feed.Run(Make().get());
  }
  // The next process. Before it resumes, the files agree with the cursors.
  void Restart(const std::string& what) {
    {
      const auto cursors = Make()->Open();
      ASSERT_TRUE(cursors.ok()) << what << cursors.status();
      ASSERT_EQ(Summary(), Feed::SummaryOf(0, Feed::OffsetOf(*cursors))) << what;
    }
    const absl::Status status = Run();
    ASSERT_TRUE(status.ok()) << what << status;
    ASSERT_EQ(Summary(), Feed::SummaryOf(0, kEvents)) << what;
    ASSERT_EQ(os_.open_files(), 0U) << what;
  }
};

const absl::Status kErrors[] = {absl::UnavailableError("Input/output error"),
                                absl::ResourceExhaustedError("No space left on device"),
                                absl::PermissionDeniedError("Permission denied")};

TEST_F(FileSinkFaultTest, AnyCallFailsOnce) {
  for (const size_t most_written : {SIZE_MAX, size_t{100}}) {
    os_.set_most_written(most_written);
    for (size_t n = 1;; ++n) {
      const absl::Status& error = kErrors[n % std::size(kErrors)];
      Reset();
      os_.Fail({.n = n, .status = error});
      const absl::Status status = Run();
      const std::string what = std::to_string(n) + " " + os_.first_failure() + ": ";
      if (os_.failed() == 0) {
        EXPECT_GT(n, 50U);
        break;
      }
      // At the start every error is reported and stops the process.
      if (!status.ok()) {
        EXPECT_THAT(std::string(status.message()), HasSubstr(folder_.path()));
      }
      os_.Heal();
      if (status.ok()) {
        ASSERT_EQ(Summary(), Feed::SummaryOf(0, kEvents)) << what;
      }
      ASSERT_NO_FATAL_FAILURE(Restart(what));
    }
  }
}

// All calls fail from the n-th on, those of the store too, as if the process were killed there.
TEST_F(FileSinkFaultTest, KilledAtAnyCall) {
  for (const size_t most_written : {SIZE_MAX, size_t{100}}) {
    os_.set_most_written(most_written);
    for (size_t n = 1;; ++n) {
      Reset();
      os_.Fail({.n = n, .from_then_on = true});
      store_.set_gate([this] {
        return os_.failed() > 0 ? absl::UnavailableError("killed") : absl::OkStatus();
      });
      const absl::Status status = Run(/*max_failures=*/0);
      const std::string what = std::to_string(n) + " " + os_.first_failure() + ": ";
      store_.set_gate(nullptr);
      if (os_.failed() == 0) break;
      os_.Heal();
      ASSERT_NO_FATAL_FAILURE(Restart(what));
    }
  }
}

TEST_F(FileSinkFaultTest, AnyStoringOfCursorsFailsOnce) {
  for (const bool takes_effect : {false, true}) {
    for (size_t n = 1;; ++n) {
      const std::string what = std::to_string(n) + (takes_effect ? " took effect: " : ": ");
      Reset();
      store_.Fail({.n = n, .takes_effect = takes_effect});
      const absl::Status status = Run();
      if (store_.failed() == 0) {
        EXPECT_GT(n, 5U);
        break;
      }
      if (status.ok()) {
        ASSERT_EQ(Summary(), Feed::SummaryOf(0, kEvents)) << what;
      }
      ASSERT_NO_FATAL_FAILURE(Restart(what));
    }
  }
}

TEST_F(FileSinkFaultTest, KilledAtAnyStoringOfCursors) {
  for (const bool takes_effect : {false, true}) {
    for (size_t n = 1;; ++n) {
      const std::string what = std::to_string(n) + (takes_effect ? " took effect: " : ": ");
      Reset();
      store_.Fail({.n = n, .takes_effect = takes_effect});
      const absl::Status status = Run(/*max_failures=*/0);
      if (store_.failed() == 0) break;
      EXPECT_FALSE(status.ok() && Committed() < kEvents);
      ASSERT_NO_FATAL_FAILURE(Restart(what));
    }
  }
}

// A life of kills, faults, and others who move the file.
TEST_F(FileSinkFaultTest, WhateverHappens) {
  std::mt19937_64 random(testing::Seed());
  const auto below = [&](size_t n) { return random() % n; };
  for (int round = 0; round < 200 * testing::Scale(); ++round) {
    Reset();
    const size_t events = 1 + below(60);
    options_.rotate_bytes = below(2) == 0 ? 0 : 1 + below(6000);
    int moved = 0;
    for (bool done = false; !done;) {
      os_.set_most_written(below(2) == 0 ? SIZE_MAX : 1 + below(500));
      const bool kill = below(2) == 0;
      os_.Fail({.n = 1 + below(80), .status = kErrors[below(2)], .from_then_on = kill});
      store_.Fail({.n = 1 + below(12), .takes_effect = below(2) == 0});
      store_.set_gate([&] {
        return kill && os_.failed() > 0 ? absl::UnavailableError("killed") : absl::OkStatus();
      });
      Feed feed(events);
      feed.batch = 1 + below(5);
      feed.commit_every = 1 + below(4);
      feed.max_failures = kill ? below(3) : 100;
      done = feed.Run(Make().get()).ok();
      store_.set_gate(nullptr);
      os_.Advance(absl::Seconds(1));
      if (below(4) == 0 && std::filesystem::exists(path())) {
        std::filesystem::rename(path(), path() + "." + std::to_string(moved++));
      }
    }
    os_.Heal();
    store_.Heal();
    { const auto sink = MakeOpen(); }
    ASSERT_EQ(SortedSummary(), Feed::SummaryOf(0, events)) << "round " << round;
    ASSERT_EQ(os_.open_files(), 0U);
  }
}

}  // namespace
}  // namespace sparktail
