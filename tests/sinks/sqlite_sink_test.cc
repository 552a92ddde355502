#include "sinks/sqlite/sqlite_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "offsets/database.h"
#include "sinks/sqlite/schema.h"
#include "tests/support/corpus.h"
#include "tests/support/faulty_os.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/feed.h"
#include "tests/support/recording_log.h"
#include "tests/support/stream_keys.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::BytesOf;
using testing::FaultyOs;
using testing::FaultyVfs;
using testing::Feed;
using ::testing::HasSubstr;
using testing::RecordingLog;
using testing::TempDir;
using testing::WriteBytes;

constexpr char kSink[] = "history";

class SqliteSinkTest : public ::testing::Test {
 protected:
  SqliteSinkTest() {
    options_.path = folder_ / "history.db";
    os_.SetNow(absl::FromUnixSeconds(1'795'276'340));  // 2026-11-21T15:52:20Z
    MakeDeadLetters();
  }

  void MakeDeadLetters() {
    dead_letters_.emplace(&os_, &log_, folder_ / "dead-letter", kSink, uint64_t{1} << 20);
  }
  std::unique_ptr<SqliteSink> Make(const std::string& name = kSink) {
    return std::make_unique<SqliteSink>(&os_, &log_, &*dead_letters_, name, options_);
  }
  std::unique_ptr<SqliteSink> MakeOpen() {
    std::unique_ptr<SqliteSink> sink = Make();
    const auto cursors = sink->Open();
    EXPECT_TRUE(cursors.ok()) << cursors.status();
    return sink;
  }
  static absl::Status Commit(SqliteSink* sink, size_t n) {
    const StreamCursor cursor = Feed::CursorAt(n);
    return sink->Commit({&cursor, 1});
  }
  static void Deliver(SqliteSink* sink, const EventBuffer& events, size_t n) {
    absl::Status status = sink->Write(events, 0);
    ASSERT_TRUE(status.ok()) << status;
    status = Commit(sink, n);
    ASSERT_TRUE(status.ok()) << status;
  }
  // Reads it like a user.
  void Execute(const char* sql) {
    absl::StatusOr<Database> database =
        Database::Open(&os_, options_.path, {.access = Database::Access::kExisting});
    ASSERT_TRUE(database.ok()) << database.status();
    const absl::Status status = database->Execute(sql);
    ASSERT_TRUE(status.ok()) << status;
  }

  // The first columns of all rows, as lines.
  std::string Query(const std::string& sql, int columns = 1) {
    absl::StatusOr<Database> database =
        Database::Open(&os_, options_.path, {.access = Database::Access::kRead});
    if (!database.ok()) return std::string(database.status().message());
    absl::StatusOr<Statement> statement = Statement::Prepare(&*database, sql);
    if (!statement.ok()) return std::string(statement.status().message());
    std::string lines;
    while (true) {
      const absl::StatusOr<bool> row = statement->Step();
      if (!row.ok()) return std::string(row.status().message());
      if (!*row) return lines;
      for (int i = 0; i < columns; ++i) {
        if (i > 0) lines += "|";
        lines += statement->Text(i);
      }
      lines += "\n";
    }
  }
  std::string Rows() { return Query("SELECT document FROM events ORDER BY id"); }
  std::string RowSummary() { return Feed::Summary(Rows()); }

  std::string DeadLetterFiles() const {
    std::string all;
    const std::string directory = folder_ / "dead-letter/history";
    if (!std::filesystem::exists(directory)) return all;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      all += BytesOf(entry.path());
    }
    return all;
  }

  TempDir folder_;
  FaultyOs os_;
  RecordingLog log_;
  SqliteSinkOptions options_;
  std::optional<DeadLetters> dead_letters_;
};

// ---------------------------------------------------------------- Rows and cursors

TEST_F(SqliteSinkTest, RowsAndCursors) {
  {
    const auto sink = MakeOpen();
    Deliver(sink.get(), Feed::Events(0, 3), 3);
    ASSERT_TRUE(sink->Write(Feed::Events(0, 5), 3).ok());
    EXPECT_EQ(RowSummary(), Feed::SummaryOf(0, 3)) << "seen before the commit";
    ASSERT_TRUE(Commit(sink.get(), 5).ok());
  }
  EXPECT_EQ(Rows(), Feed::Lines(0, 5));
  const auto cursors = Make()->Open();
  ASSERT_TRUE(cursors.ok());
  ASSERT_EQ(cursors->size(), 1U);
  EXPECT_EQ((*cursors)[0].stream, Feed::kStream);
  EXPECT_EQ((*cursors)[0].cursor.order, 5U);
  EXPECT_EQ((*cursors)[0].cursor.position, "{\"n\":5}");
  EXPECT_EQ(*(*cursors)[0].cursor.context, "{}");
  EXPECT_FALSE((*cursors)[0].cursor.ended);
  struct stat info {};
  ASSERT_EQ(::stat(options_.path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640U);
}

TEST_F(SqliteSinkTest, CursorsOfOtherSinksAreTheirs) {
  Deliver(MakeOpen().get(), Feed::Events(0, 3), 3);
  const auto other = Make("other")->Open();
  ASSERT_TRUE(other.ok());
  EXPECT_TRUE(other->empty());
}

TEST_F(SqliteSinkTest, ARepeatedEventIsOneRow) {
  const auto sink = MakeOpen();
  Deliver(sink.get(), Feed::Events(0, 4), 4);
  Deliver(sink.get(), Feed::Events(2, 6), 6);
  EXPECT_EQ(Rows(), Feed::Lines(0, 6));
}

TEST_F(SqliteSinkTest, RollbackForgetsWhatIsNotCommitted) {
  const auto sink = MakeOpen();
  Deliver(sink.get(), Feed::Events(0, 3), 3);
  ASSERT_TRUE(sink->Write(Feed::Events(3, 6), 0).ok());
  const auto made = sink->Rollback();
  ASSERT_TRUE(made.ok());
  EXPECT_FALSE(*made);
  EXPECT_EQ(RowSummary(), Feed::SummaryOf(0, 3));
  Deliver(sink.get(), Feed::Events(3, 6), 6);
  EXPECT_EQ(RowSummary(), Feed::SummaryOf(0, 6));
}

TEST_F(SqliteSinkTest, AKilledProcessLeavesOnlyWhatIsCommitted) {
  {
    const auto sink = MakeOpen();
    Deliver(sink.get(), Feed::Events(0, 3), 3);
    ASSERT_TRUE(sink->Write(Feed::Events(3, 6), 0).ok());
  }
  EXPECT_EQ(RowSummary(), Feed::SummaryOf(0, 3));
}

TEST_F(SqliteSinkTest, CursorsMoveOverNoiseWithoutAnEvent) {
  ASSERT_TRUE(Commit(MakeOpen().get(), 7).ok());
  EXPECT_EQ(Feed::OffsetOf(*Make()->Open()), 7U);
}

TEST_F(SqliteSinkTest, ColumnsOfRealEvents) {
  const auto sink = MakeOpen();
  EventBuffer events;
  for (const std::string& document :
       testing::Parse(testing::ReadFile(testing::DataPath("3.5.9/fail.default.log"))).documents) {
    Feed::Append(document, document.substr(document.find("\"id\":\"") + 6, 32), &events);
  }
  Deliver(sink.get(), events, 1);
  EXPECT_EQ(Query("SELECT count(*) FROM events"), std::to_string(events.events.size()) + "\n");
  EXPECT_EQ(Query("SELECT count(*) FROM events WHERE document ->> 'id' <> id"), "0\n");
  EXPECT_EQ(Query("SELECT DISTINCT kind, environment, app_name, app_id FROM events ORDER BY 1", 4),
            "progress|default|cap-fail|local-1795276058655\n"
            "query|default|cap-fail|local-1795276058655\n");
  EXPECT_EQ(Query("SELECT query, run_id, how, error_class FROM runs WHERE query = 'fails-udf'", 4),
            "fails-udf|83500fd7-8ac7-4ddf-aac2-2ae6eb7d8c79|terminated|" +
                Query("SELECT document ->> '$.error.class' FROM events WHERE query = 'fails-udf' "
                      "AND phase = 'terminated'"));
  EXPECT_EQ(Query("SELECT count(*) > 3, min(duration_ms) > 0 FROM batches", 2), "1|1\n");
  EXPECT_EQ(Query("SELECT received FROM events LIMIT 1"), "2026-11-21T15:52:20.000Z\n");
}

// ---------------------------------------------------------------- Opening

TEST_F(SqliteSinkTest, ErrorsAtTheStartSayWhatToDo) {
  options_.path = folder_ / "missing/history.db";
  EXPECT_THAT(std::string(Make()->Open().status().message()),
              HasSubstr("mkdir -p " + (folder_ / "missing")));
  options_.path = folder_.path();
  EXPECT_THAT(std::string(Make()->Open().status().message()), HasSubstr(folder_.path()));
}

TEST_F(SqliteSinkTest, ADatabaseOfAnotherProgramIsNotChanged) {
  {
    auto database = Database::Open(&os_, options_.path, {});
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(database->Execute("CREATE TABLE mine (x); PRAGMA journal_mode = DELETE").ok());
  }
  const std::string before = BytesOf(options_.path);
  const absl::Status status = Make()->Open().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr(options_.path));
  EXPECT_EQ(BytesOf(options_.path), before);
}

TEST_F(SqliteSinkTest, ANewerHistoryIsNotChanged) {
  { const auto sink = MakeOpen(); }
  Execute("PRAGMA user_version = 99");
  const absl::Status status = Make()->Open().status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("newer version"));
}

TEST_F(SqliteSinkTest, ADamagedDatabaseIsReportedWithAdvice) {
  WriteBytes(options_.path, std::string(8192, 'x'));
  const absl::Status status = Make()->Open().status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(std::string(status.message()),
              ::testing::AllOf(HasSubstr(options_.path), HasSubstr(".recover")));
}

TEST_F(SqliteSinkTest, AnEmptyFileBecomesAHistory) {
  WriteBytes(options_.path, "");
  Deliver(MakeOpen().get(), Feed::Events(0, 3), 3);
  EXPECT_EQ(RowSummary(), Feed::SummaryOf(0, 3));
}

TEST_F(SqliteSinkTest, NothingIsWrittenToAFileThatNobodyWillFind) {
  for (const bool is_deleted : {false, true}) {
    const auto sink = MakeOpen();
    ASSERT_TRUE(sink->Write(Feed::Events(0, 3), 0).ok());
    if (is_deleted) {
      std::filesystem::remove(options_.path);
    } else {
      std::filesystem::rename(options_.path, options_.path + ".moved");
      WriteBytes(options_.path, "");
    }
    const absl::Status status = Commit(sink.get(), 3);
    EXPECT_TRUE(absl::IsFailedPrecondition(status));
    EXPECT_THAT(std::string(status.message()), HasSubstr("restart sparktail"));
  }
}

// ---------------------------------------------------------------- Dead letters

TEST_F(SqliteSinkTest, RejectedEventsGoToTheDeadLetters) {
  { const auto sink = MakeOpen(); }
  Execute(
      "CREATE TRIGGER picky BEFORE INSERT ON events WHEN NEW.batch_id = 1 "
      "BEGIN SELECT RAISE(ABORT, 'not this one'); END");
  const auto sink = MakeOpen();
  EventBuffer events = Feed::Events(0, 3);
  Feed::Append("{\"kind\":", Feed::Id(77), &events);
  Deliver(sink.get(), events, 3);
  EXPECT_EQ(RowSummary(), " 0 2");
  EXPECT_EQ(dead_letters_->count(), 2U);
  const std::string dead = DeadLetterFiles();
  EXPECT_THAT(dead, HasSubstr("not this one"));
  EXPECT_THAT(dead, HasSubstr("\"document\":" + Feed::Document(1) + "}\n"));
  EXPECT_THAT(dead, HasSubstr(R"("document":"{\"kind\":"})"));
  EXPECT_EQ(Feed::OffsetOf(*Make()->Open()), 3U);
}

TEST_F(SqliteSinkTest, RetriesBuryNothingTwice) {
  FaultyVfs vfs;
  {
    const auto sink = MakeOpen();
    EventBuffer events;
    Feed::Append("{\"kind\":", Feed::Id(77), &events);
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(sink->Write(events, 0).ok());
      vfs.Fail({.from_then_on = true});
      EXPECT_FALSE(Commit(sink.get(), 1).ok());
      vfs.Heal();
      ASSERT_TRUE(sink->Rollback().ok());
    }
    Deliver(sink.get(), events, 1);
    EXPECT_EQ(dead_letters_->count(), 1U);
    // An event that is repeated later is another event.
    Deliver(sink.get(), events, 2);
    EXPECT_EQ(dead_letters_->count(), 2U);
  }
}

TEST_F(SqliteSinkTest, FullDeadLettersHoldTheSinkBack) {
  dead_letters_.emplace(&os_, &log_, folder_ / "dead-letter", kSink, 10);
  const auto sink = MakeOpen();
  EventBuffer events;
  Feed::Append("{\"kind\":", Feed::Id(77), &events);
  EXPECT_TRUE(absl::IsResourceExhausted(sink->Write(events, 0)));
}

// ---------------------------------------------------------------- Retention

TEST_F(SqliteSinkTest, OldRowsAreDeletedInStepsAndTheirSpaceIsReused) {
  options_.retention = absl::Hours(24 * 30);
  const auto sink = MakeOpen();
  EventBuffer timeless;
  Feed::Append("{\"kind\":\"signal\"}", Feed::Id(100'000), &timeless);
  Deliver(sink.get(), Feed::Events(0, 12'000), 12'000);
  Deliver(sink.get(), timeless, 12'001);
  const auto count = [&] { return Query("SELECT count(*) FROM events"); };
  ASSERT_TRUE(sink->Tidy().ok());
  EXPECT_EQ(count(), "12001\n");
  // The events are of 2026-11-21T16:08:44.029Z.
  os_.Advance(absl::Hours(24 * 30) + absl::Minutes(20));
  ASSERT_TRUE(sink->Tidy().ok());
  EXPECT_EQ(count(), "2001\n");
  ASSERT_TRUE(sink->Tidy().ok());
  EXPECT_EQ(count(), "0\n");
  const std::string pages = Query("PRAGMA page_count");
  Deliver(sink.get(), Feed::Events(20'000, 31'000), 31'000);
  EXPECT_EQ(Query("PRAGMA page_count"), pages);
}

TEST_F(SqliteSinkTest, WithoutRetentionAllRowsStay) {
  const auto sink = MakeOpen();
  Deliver(sink.get(), Feed::Events(0, 10), 10);
  os_.Advance(absl::Hours(24 * 36500));
  ASSERT_TRUE(sink->Tidy().ok());
  EXPECT_EQ(RowSummary(), Feed::SummaryOf(0, 10));
}

TEST_F(SqliteSinkTest, CursorsOfEndedStreamsAreDeletedAfterAMonth) {
  const auto sink = MakeOpen();
  StreamCursor cursors[] = {Feed::CursorAt(1), Feed::CursorAt(2)};
  cursors[1].stream = StreamKey("ended");
  cursors[1].cursor.ended = true;
  ASSERT_TRUE(sink->Commit(cursors).ok());
  os_.Advance(absl::Hours(24 * 29));
  ASSERT_TRUE(sink->Tidy().ok());
  EXPECT_EQ(Query("SELECT stream, ended FROM cursors ORDER BY ended", 2),
            "test/stream|0\nended|1\n");
  os_.Advance(absl::Hours(24 * 2));
  ASSERT_TRUE(sink->Tidy().ok());
  EXPECT_EQ(Query("SELECT stream FROM cursors"), "test/stream\n");
}

// ---------------------------------------------------------------- Faults

class SqliteSinkFaultTest : public SqliteSinkTest {
 protected:
  static constexpr size_t kEvents = 20;

  void Reset() {
    vfs_.Heal();
    os_.Heal();
    MakeDeadLetters();
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      std::filesystem::remove_all(entry.path());
    }
  }
  absl::Status Run(size_t max_failures) {
    Feed feed(kEvents);
    feed.max_failures = max_failures;
    return feed.Run(Make().get());
  }
  // The next process. Before it resumes, the rows agree with the cursors.
  void Restart(const std::string& what) {
    {
      const auto sink = Make();
      const auto cursors = sink->Open();
      ASSERT_TRUE(cursors.ok()) << what << cursors.status();
      ASSERT_EQ(RowSummary(), Feed::SummaryOf(0, Feed::OffsetOf(*cursors))) << what;
    }
    const absl::Status status = Run(0);
    ASSERT_TRUE(status.ok()) << what << status;
    ASSERT_EQ(Rows(), Feed::Lines(0, kEvents)) << what;
    ASSERT_EQ(Query("PRAGMA integrity_check"), "ok\n") << what;
  }

  FaultyVfs vfs_;
};

// `from_then_on` is like a kill: all later calls fail.
TEST_F(SqliteSinkFaultTest, AnyCallOfSqliteFails) {
  for (const auto kind :
       {FaultyVfs::Kind::kInputOutput, FaultyVfs::Kind::kFull, FaultyVfs::Kind::kTorn}) {
    for (const bool from_then_on : {false, true}) {
      for (size_t n = 1;; ++n) {
        Reset();
        vfs_.Fail({.n = n, .kind = kind, .from_then_on = from_then_on});
        const absl::Status status = Run(from_then_on ? 2 : 100);
        const std::string what = std::to_string(n) + " " + vfs_.first_failure() + ": ";
        if (vfs_.failed() == 0) {
          EXPECT_GT(n, 20U);
          break;
        }
        if (!status.ok()) {
          EXPECT_THAT(std::string(status.message()), HasSubstr(options_.path)) << what;
          EXPECT_TRUE(Feed::MayPass(status)) << what << status;
        }
        vfs_.Heal();
        if (status.ok()) {
          ASSERT_EQ(Rows(), Feed::Lines(0, kEvents)) << what;
        }
        ASSERT_NO_FATAL_FAILURE(Restart(what));
      }
    }
  }
}

TEST_F(SqliteSinkFaultTest, AnyCallOfTheOsFails) {
  for (size_t n = 1;; ++n) {
    Reset();
    os_.Fail({.n = n});
    const absl::Status status = Run(100);
    const std::string what = std::to_string(n) + " " + os_.first_failure() + ": ";
    if (os_.failed() == 0) break;
    os_.Heal();
    ASSERT_NO_FATAL_FAILURE(Restart(what)) << status;
  }
}

}  // namespace
}  // namespace sparktail
