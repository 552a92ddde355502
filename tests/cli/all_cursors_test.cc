#include "ingest/cli/all_cursors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ingest/streams/first_start.h"
#include "sinks/dead_letter.h"
#include "sinks/sqlite/history_cursors.h"
#include "sinks/sqlite/sqlite_sink.h"
#include "tests/support/faulty_os.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/of_kind.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::FaultyOs;
using testing::FaultyVfs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::WriteBytes;

StreamCursor At(const std::string& stream, uint64_t offset) {
  return {StreamKey(stream), {offset, "{}", std::make_shared<const std::string>("{}"), false}};
}

// Sinks "file", and "history" which keeps its cursors itself.
class AllCursorsTest : public ::testing::Test {
 protected:
  AllCursorsTest() {
    sinks_.resize(2);
    sinks_[0].name = "file";
    testing::SetOptions(FileSinkOptions(), &sinks_[0]);
    sinks_[1].name = "history";
    testing::SetOptions(SqliteSinkOptions{.path = history_}, &sinks_[1]);
  }

  AllCursors Make(const std::string& sink = "") {
    return AllCursors(&os_, &log_, state_, "test", sinks_, sink);
  }
  std::unique_ptr<CursorStore> Store() {
    auto store = CursorStore::Open(&os_, &log_, state_, CursorStore::Access::kOwn, false);
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }
  void StoreInHistory(const std::string& sink, const std::vector<StreamCursor>& cursors) {
    SqliteSink made(&os_, &log_, &dead_letters_, sink, SqliteSinkOptions{.path = history_});
    ASSERT_TRUE(made.Open().ok());
    ASSERT_TRUE(made.Commit(cursors).ok());
  }
  // Both sinks are at 3 in two streams; the copy of the history's cursors is older.
  void Fill() {
    const std::vector<StreamCursor> both = {At("a", 3), At("b", 3)};
    const std::vector<StreamCursor> older = {At("a", 2), At("b", 2)};
    const std::unique_ptr<CursorStore> store = Store();
    ASSERT_TRUE(store->Commit("file", both, std::nullopt).ok());
    ASSERT_TRUE(store->Commit("history", older, std::nullopt).ok());
    StoreInHistory("history", both);
  }

  // "sink stream offset" for each cursor.
  static std::vector<std::string> Lines(
      const absl::StatusOr<std::vector<AllCursors::Entry>>& entries) {
    EXPECT_TRUE(entries.ok()) << entries.status();
    std::vector<std::string> lines;
    if (!entries.ok()) return lines;
    for (const AllCursors::Entry& entry : *entries) {
      lines.push_back(entry.sink + " " + entry.cursor.stream.text() + " " +
                      std::to_string(entry.cursor.cursor.order));
    }
    return lines;
  }
  std::vector<std::string> Seen() { return Lines(Make().Look()); }
  std::vector<std::string> Copies() {
    std::vector<std::string> lines;
    const std::vector<StreamCursor> cursors = Store()->Load("history").value();
    for (const StreamCursor& cursor : cursors) {
      lines.push_back(cursor.stream.text() + " " + std::to_string(cursor.cursor.order));
    }
    return lines;
  }
  std::set<std::string> Files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(dir_.path())) {
      names.insert(entry.path().filename());
    }
    return names;
  }
  // Everything that was read, but at another offset.
  static std::vector<AllCursors::Entry> Moved(std::vector<AllCursors::Entry> entries,
                                              uint64_t offset) {
    for (AllCursors::Entry& entry : entries) entry.cursor.cursor.order = offset;
    return entries;
  }

  testing::TempDir dir_;
  const std::string state_ = dir_ / "state";
  const std::string history_ = dir_ / "history.db";
  FaultyOs os_;
  testing::RecordingLog log_;
  std::vector<SinkConfiguration> sinks_;
  DeadLetters dead_letters_{&os_, &log_, dir_ / "dead-letter", "history", uint64_t{1} << 20};
};

// ---------------------------------------------------------------- looking

TEST_F(AllCursorsTest, EachSinkIsSeenWhereItKeepsItsCursors) {
  Fill();
  AllCursors cursors = Make();
  const auto entries = cursors.Look();
  EXPECT_THAT(Lines(entries), ElementsAre("file a 3", "file b 3", "history a 3", "history b 3"));
  EXPECT_EQ(entries->at(0).file, state_ + "/offsets.db");
  EXPECT_EQ(entries->at(2).file, history_);
  EXPECT_THAT(cursors.files(), ElementsAre(state_ + "/offsets.db", history_));
  sinks_.clear();
  EXPECT_THAT(Seen(), ElementsAre("file a 3", "file b 3", "history a 2", "history b 2"));
}

TEST_F(AllCursorsTest, LookingLeavesNothingBehindAndDisturbsNobody) {
  Fill();
  EXPECT_EQ(Seen().size(), 4U);
  EXPECT_THAT(Files(), ElementsAre("history.db", "lock", "offsets.db", "state"));
  const std::unique_ptr<CursorStore> running = Store();
  SqliteSink sink(&os_, &log_, &dead_letters_, "history", SqliteSinkOptions{.path = history_});
  ASSERT_TRUE(sink.Open().ok());
  for (uint64_t n = 4; n < 8; ++n) {
    EXPECT_TRUE(running->Commit("file", std::vector{At("a", n)}, std::nullopt).ok());
    EXPECT_TRUE(sink.Commit(std::vector{At("a", n)}).ok());
    const std::string at = std::to_string(n);
    EXPECT_THAT(Seen(), ElementsAre("file a " + at, "file b 3", "history a " + at, "history b 3"));
  }
}

TEST_F(AllCursorsTest, OneSinkNeedsOnlyItsOwnFile) {
  Fill();
  WriteBytes(history_, "damaged");
  EXPECT_EQ(Lines(Make("file").Look()).size(), 2U);
  EXPECT_TRUE(absl::IsDataLoss(Make("history").Look().status()));
  EXPECT_TRUE(absl::IsDataLoss(Make().Look().status()));
  fs::remove(history_);
  StoreInHistory("history", {At("a", 5)});
  WriteBytes(state_ + "/offsets.db", "damaged");
  EXPECT_THAT(Lines(Make("history").Look()), ElementsAre("history a 5"));
  EXPECT_TRUE(absl::IsDataLoss(Make().Look().status()));
  fs::remove(state_ + "/offsets.db");
  EXPECT_THAT(Seen(), ElementsAre("history a 5"));
}

TEST_F(AllCursorsTest, ASinkThatIsNotConfiguredMayBeAnywhere) {
  Fill();
  EXPECT_EQ(Lines(Make("histroy").Look()).size(), 4U);
}

TEST_F(AllCursorsTest, WhereNothingIsNothingIsMade) {
  for (const char* sink : {"", "file", "history"}) {
    EXPECT_TRUE(absl::IsNotFound(Make(sink).Look().status()));
    EXPECT_TRUE(absl::IsNotFound(Make(sink).Own().status()));
  }
  EXPECT_THAT(Files(), IsEmpty());
}

// ---------------------------------------------------------------- owning

TEST_F(AllCursorsTest, ARunningProcessIsNamed) {
  Fill();
  const std::unique_ptr<CursorStore> running = Store();
  for (const char* sink : {"", "file", "history"}) {
    const absl::Status status = Make(sink).Own().status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status));
    EXPECT_THAT(
        std::string(status.message()),
        HasSubstr(" is in use by another sparktail, process " + std::to_string(::getpid())));
  }
  StoreInHistory("history", {At("a", 9)});
}

TEST_F(AllCursorsTest, AnOwnerKeepsOthersOut) {
  Fill();
  for (const bool has_offsets : {true, false}) {
    if (!has_offsets) fs::remove(state_ + "/offsets.db");
    AllCursors owner = Make("history");
    ASSERT_TRUE(owner.Own().ok());
    EXPECT_TRUE(absl::IsFailedPrecondition(Make("history").Own().status())) << has_offsets;
    EXPECT_TRUE(absl::IsFailedPrecondition(
        CursorStore::Open(&os_, &log_, state_, CursorStore::Access::kOwn, false).status()));
  }
  EXPECT_TRUE(Make("history").Own().ok());
  fs::remove_all(state_);
  EXPECT_TRUE(Make("history").Own().ok());
  EXPECT_FALSE(fs::exists(state_)) << "it may have to belong to another user";
}

// ---------------------------------------------------------------- changing

TEST_F(AllCursorsTest, StoredCursorsAreInTheSinkAndInTheCopy) {
  Fill();
  {
    AllCursors cursors = Make();
    const auto entries = cursors.Own();
    ASSERT_TRUE(entries.ok()) << entries.status();
    ASSERT_TRUE(cursors.Store(Moved({entries->at(0), entries->at(3)}, 1)).ok());
  }
  EXPECT_THAT(Seen(), ElementsAre("file a 1", "file b 3", "history a 3", "history b 1"));
  EXPECT_THAT(Copies(), ElementsAre("a 2", "b 1"));
}

TEST_F(AllCursorsTest, WithoutStoringNothingChanges) {
  Fill();
  ASSERT_TRUE(Make().Own().ok());
  EXPECT_THAT(Seen(), ElementsAre("file a 3", "file b 3", "history a 3", "history b 3"));
}

TEST_F(AllCursorsTest, ForgetsAStreamASinkOrAll) {
  Fill();
  StoreInHistory("of another instance", {At("a", 1)});
  const auto forget = [&](const std::string& sink, const std::string& stream) {
    AllCursors cursors = Make(sink);
    absl::Status status = cursors.Own().status();
    if (status.ok()) status = cursors.Forget(stream);
    EXPECT_TRUE(status.ok()) << status;
  };
  forget("history", "a");
  EXPECT_THAT(Seen(), ElementsAre("file a 3", "file b 3", "history b 3"));
  EXPECT_THAT(Copies(), ElementsAre("b 2"));
  forget("", "b");
  EXPECT_THAT(Seen(), ElementsAre("file a 3"));
  StoreInHistory("history", {At("a", 3), At("b", 3)});
  forget("file", "");
  EXPECT_THAT(Seen(), ElementsAre("history a 3", "history b 3"));
  forget("", "");
  EXPECT_THAT(Seen(), IsEmpty());
  const auto others = HistoryCursors::Look(&os_, history_)->Load("of another instance");
  EXPECT_EQ(others->size(), 1U);
}

TEST_F(AllCursorsTest, ASourceOfWhichNothingIsLeftStartsAnew) {
  Store()
      ->Commit("file", std::vector{At("logs/a", 3), At("logs/b", 3)}, std::nullopt)
      .IgnoreError();
  for (const std::string source : {"logs", "other"}) {
    const std::unique_ptr<CursorStore> store = Store();
    ASSERT_TRUE(FirstStart(store.get(), &log_, source).End());
  }
  const auto is_over = [&](const std::string& source) {
    const std::unique_ptr<CursorStore> store = Store();
    return !FirstStart(store.get(), &log_, source).Begin(os_.Now(), false)->has_value();
  };
  const auto forget = [&](const std::string& stream) {
    AllCursors cursors = Make();
    EXPECT_TRUE(cursors.Own().ok());
    EXPECT_TRUE(cursors.Forget(stream).ok());
  };
  forget("logs/a");
  EXPECT_TRUE(is_over("logs"));
  forget("");
  EXPECT_FALSE(is_over("logs"));
  EXPECT_TRUE(is_over("other")) << "of which nothing was forgotten";
  EXPECT_THAT(Seen(), IsEmpty()) << "it is no cursor";
}

TEST_F(AllCursorsTest, WithoutOffsetsTheHistoryIsChanged) {
  StoreInHistory("history", {At("a", 3)});
  AllCursors cursors = Make();
  const auto entries = cursors.Own();
  ASSERT_TRUE(entries.ok()) << entries.status();
  ASSERT_TRUE(cursors.Store(Moved(*entries, 1)).ok());
  EXPECT_THAT(Seen(), ElementsAre("history a 1"));
}

TEST_F(AllCursorsTest, AfterAnyFailedCallOfSqliteItCanBeRepeated) {
  FaultyVfs vfs;
  vfs.SkipSyncs();
  const auto move = [&](uint64_t offset) {
    AllCursors cursors = Make();
    const auto entries = cursors.Own();
    return entries.ok() ? cursors.Store(Moved(*entries, offset)) : entries.status();
  };
  for (size_t n = 1;; ++n) {
    Fill();
    vfs.Fail({.n = n, .from_then_on = true});
    const absl::Status status = move(1);
    const std::string what = std::to_string(n) + " " + vfs.first_failure();
    const bool has_failed = vfs.failed() > 0;
    vfs.Heal();
    const std::vector<std::string> seen = Seen();
    ASSERT_EQ(seen.size(), 4U) << what;
    // Each store is changed in one transaction.
    EXPECT_EQ(seen[0].back(), seen[1].back()) << what;
    EXPECT_EQ(seen[2].back(), seen[3].back()) << what;
    if (status.ok()) {
      EXPECT_THAT(seen, ElementsAre("file a 1", "file b 1", "history a 1", "history b 1")) << what;
    }
    ASSERT_TRUE(move(0).ok()) << what;
    EXPECT_THAT(Seen(), ElementsAre("file a 0", "file b 0", "history a 0", "history b 0")) << what;
    if (!has_failed) break;
  }
}

}  // namespace
}  // namespace sparktail
