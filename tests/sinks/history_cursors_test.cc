#include "sinks/sqlite/history_cursors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sinks/dead_letter.h"
#include "sinks/sqlite/sqlite_sink.h"
#include "tests/support/faulty_os.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/feed.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::BytesOf;
using ::testing::ElementsAre;
using testing::FaultyOs;
using testing::FaultyVfs;
using testing::Feed;
using ::testing::HasSubstr;
using testing::WriteBytes;

class HistoryCursorsTest : public ::testing::Test {
 protected:
  HistoryCursorsTest() { os_.SetNow(absl::FromUnixSeconds(1'795'276'340)); }

  std::unique_ptr<SqliteSink> OpenSink() {
    SqliteSinkOptions options;
    options.path = path_;
    auto sink = std::make_unique<SqliteSink>(&os_, &log_, &dead_letters_, "history", options);
    EXPECT_TRUE(sink->Open().ok());
    return sink;
  }
  static StreamCursor At(const std::string& stream, size_t offset) {
    StreamCursor cursor = Feed::CursorAt(offset);
    cursor.stream = StreamKey(stream);
    return cursor;
  }
  // A closed history in which the sink's cursors are at 3 in two streams.
  void Make() {
    const std::vector<StreamCursor> two = {At("a", 3), At("b", 3)};
    const auto sink = OpenSink();
    ASSERT_TRUE(sink->Write(Feed::Events(0, 3), 0).ok());
    ASSERT_TRUE(sink->Commit(two).ok());
  }
  // "stream offset" of each cursor, as a sink sees them.
  std::vector<std::string> Stored() {
    SqliteSinkOptions options;
    options.path = path_;
    SqliteSink sink(&os_, &log_, &dead_letters_, "history", options);
    std::vector<std::string> lines;
    const auto cursors = sink.Open();
    EXPECT_TRUE(cursors.ok()) << cursors.status();
    if (!cursors.ok()) return lines;
    for (const StreamCursor& cursor : *cursors) {
      lines.push_back(cursor.stream.text() + " " + std::to_string(cursor.cursor.order));
    }
    return lines;
  }
  std::set<std::string> Files() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      names.insert(entry.path().filename());
    }
    return names;
  }

  testing::TempDir folder_;
  const std::string path_ = folder_ / "history.db";
  FaultyOs os_;
  testing::RecordingLog log_;
  DeadLetters dead_letters_{&os_, &log_, folder_ / "dead-letter", "history", uint64_t{1} << 20};
};

TEST_F(HistoryCursorsTest, LookingChangesNothingAndCreatesNothing) {
  Make();
  const std::string before = BytesOf(path_);
  const std::set<std::string> files = Files();
  {
    absl::StatusOr<HistoryCursors> look = HistoryCursors::Look(&os_, path_);
    ASSERT_TRUE(look.ok()) << look.status();
    const auto entries = look->Load("history");
    ASSERT_TRUE(entries.ok());
    ASSERT_EQ(entries->size(), 2U);
    EXPECT_EQ(entries->at(0).updated, os_.Now());
    EXPECT_FALSE(look->Forget("history", "").ok());
  }
  EXPECT_EQ(BytesOf(path_), before);
  EXPECT_EQ(Files(), files);
}

TEST_F(HistoryCursorsTest, LookingWorksWhileASinkWrites) {
  Make();
  const auto sink = OpenSink();
  ASSERT_TRUE(sink->Write(Feed::Events(3, 5), 0).ok());
  const auto look = [&] {
    absl::StatusOr<HistoryCursors> cursors = HistoryCursors::Look(&os_, path_);
    EXPECT_TRUE(cursors.ok()) << cursors.status();
    return cursors->Load("history").value().at(0).cursor.cursor.order;
  };
  EXPECT_EQ(look(), 3U);
  const StreamCursor cursor = At("a", 5);
  ASSERT_TRUE(sink->Commit({&cursor, 1}).ok());
  EXPECT_EQ(look(), 5U);
}

TEST_F(HistoryCursorsTest, ChangesAreOneTransaction) {
  Make();
  for (const bool is_committed : {false, true}) {
    {
      absl::StatusOr<HistoryCursors> change = HistoryCursors::Change(&os_, path_);
      ASSERT_TRUE(change.ok()) << change.status();
      ASSERT_TRUE(change->Store("history", At("a", 1), os_.Now()).ok());
      EXPECT_EQ(change->Forget("history", "b").value(), 1U);
      EXPECT_EQ(change->Load("history")->size(), 1U);
      if (is_committed) {
        ASSERT_TRUE(change->Commit().ok());
      }
    }
    if (!is_committed) {
      EXPECT_THAT(Stored(), ElementsAre("a 3", "b 3"));
    }
  }
  EXPECT_THAT(Stored(), ElementsAre("a 1"));
}

TEST_F(HistoryCursorsTest, AMissingHistoryIsNotCreated) {
  for (const bool is_empty : {false, true}) {
    if (is_empty) WriteBytes(path_, "");
    const std::set<std::string> files = Files();
    for (const absl::Status& status : {HistoryCursors::Look(&os_, path_).status(),
                                       HistoryCursors::Change(&os_, path_).status()}) {
      EXPECT_TRUE(absl::IsNotFound(status)) << status;
      EXPECT_THAT(std::string(status.message()),
                  HasSubstr(path_ + (is_empty ? " is empty" : " does not exist")));
    }
    EXPECT_EQ(Files(), files);
  }
}

TEST_F(HistoryCursorsTest, OtherFilesAreNotChanged) {
  {
    auto other = Database::Open(&os_, path_, {});
    ASSERT_TRUE(other.ok());
    ASSERT_TRUE(other->Execute("CREATE TABLE mine (x); PRAGMA journal_mode = DELETE").ok());
  }
  const std::string foreign = BytesOf(path_);
  for (const bool is_damaged : {false, true}) {
    if (is_damaged) WriteBytes(path_, std::string(8192, 'x'));
    const std::string before = is_damaged ? std::string(8192, 'x') : foreign;
    for (const absl::Status& status : {HistoryCursors::Look(&os_, path_).status(),
                                       HistoryCursors::Change(&os_, path_).status()}) {
      EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
      EXPECT_THAT(std::string(status.message()),
                  HasSubstr(is_damaged ? ".recover" : "of another program"));
    }
    EXPECT_EQ(BytesOf(path_), before);
  }
}

TEST_F(HistoryCursorsTest, IfAnyCallOfSqliteFailsAllIsChangedOrNothing) {
  FaultyVfs vfs;
  vfs.SkipSyncs();
  const std::vector<std::string> before = {"a 3", "b 3"};
  const std::vector<std::string> after = {"a 1"};
  for (const auto kind :
       {FaultyVfs::Kind::kInputOutput, FaultyVfs::Kind::kFull, FaultyVfs::Kind::kTorn}) {
    for (size_t n = 1;; ++n) {
      for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
        std::filesystem::remove_all(entry.path());
      }
      Make();
      vfs.Fail({.n = n, .kind = kind, .from_then_on = true});
      absl::Status status;
      {
        absl::StatusOr<HistoryCursors> change = HistoryCursors::Change(&os_, path_);
        status = change.status();
        if (status.ok()) status = change->Store("history", At("a", 1), os_.Now());
        if (status.ok()) status = change->Forget("history", "b").status();
        if (status.ok()) status = change->Commit();
      }
      const std::string what = std::to_string(n) + " " + vfs.first_failure();
      const bool has_failed = vfs.failed() > 0;
      vfs.Heal();
      const std::vector<std::string> stored = Stored();
      if (status.ok()) {
        EXPECT_EQ(stored, after) << what;
      } else {
        EXPECT_TRUE(stored == before || stored == after) << what;
        EXPECT_THAT(std::string(status.message()), HasSubstr(path_)) << what;
      }
      if (!has_failed) break;
    }
  }
}

}  // namespace
}  // namespace sparktail
