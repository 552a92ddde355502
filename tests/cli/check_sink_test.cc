#include "ingest/cli/check_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <set>

#include "offsets/cursor_store.h"
#include "offsets/database.h"
#include "sinks/dead_letter.h"
#include "sinks/sqlite/sqlite_sink.h"
#include "tests/support/faulty_os.h"
#include "tests/support/of_kind.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::FaultyOs;
using ::testing::HasSubstr;
using ::testing::Not;

class CheckSinkTest : public ::testing::Test {
 protected:
  std::string Checked(const auto& options) {
    SinkConfiguration sink;
    sink.name = "one";
    testing::SetOptions(options, &sink);
    CheckReport report;
    const std::set<std::string> before = Files();
    CheckSink(sink, &os_, &log_, &report);
    EXPECT_EQ(Files(), before) << "nothing is changed";
    broken_ = report.broken();
    return report.Text();
  }
  std::string CheckedFile(const std::string& path) {
    FileSinkOptions options;
    options.path = path;
    return Checked(options);
  }
  std::string CheckedSqlite(const std::string& path) { return Checked(SqliteSinkOptions{path}); }
  std::string CheckedState(const std::string& path) {
    CheckReport report;
    const std::set<std::string> before = Files();
    CheckStateDirectory(path, &os_, &report);
    EXPECT_EQ(Files(), before) << "nothing is changed";
    broken_ = report.broken();
    return report.Text();
  }
  std::set<std::string> Files() const {
    std::set<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      files.insert(entry.path().string() +
                   (entry.is_regular_file() ? testing::BytesOf(entry.path()) : ""));
    }
    return files;
  }
  void MakeHistory(const std::string& path) {
    testing::RecordingLog log;
    DeadLetters letters(&os_, &log, folder_ / "letters", "one", uint64_t{1} << 20);
    SqliteSink sink(&os_, &log, &letters, "one", {.path = path});
    ASSERT_TRUE(sink.Open().ok());
  }
  void MakeOtherDatabase(const std::string& path) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, "CREATE TABLE t (x)", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
  }

  testing::TempDir folder_;
  FaultyOs os_;
  testing::RecordingLog log_;
  size_t broken_ = 0;
};

TEST_F(CheckSinkTest, StandardOutputWorks) {
  EXPECT_THAT(Checked(StdoutSinkOptions()), HasSubstr("ok       sink one: standard output"));
  EXPECT_EQ(broken_, 0U);
}

TEST_F(CheckSinkTest, AFileCanBeMadeOrWrittenTo) {
  const std::string path = folder_ / "events.ndjson";
  EXPECT_THAT(CheckedFile(path), HasSubstr("ok       sink one: " + path + " can be made"));
  testing::WriteBytes(path, "x\n");
  const std::string text = CheckedFile(path);
  EXPECT_THAT(text, HasSubstr("ok       sink one: " + path + " can be written to"));
  EXPECT_THAT(text, HasSubstr(" GiB free"));
  EXPECT_EQ(broken_, 0U);
}

TEST_F(CheckSinkTest, ReasonsWhyAFileCannotBeWrittenAreReported) {
  EXPECT_THAT(CheckedFile(folder_ / "none/events.ndjson"),
              HasSubstr("FAILED   sink one: the directory " + (folder_ / "none") +
                        " does not exist; make it (mkdir -p "));
  EXPECT_EQ(broken_, 1U);
  std::filesystem::create_symlink("elsewhere", folder_ / "link");
  EXPECT_THAT(CheckedFile(folder_ / "link"), HasSubstr("it is a symbolic link"));
  std::filesystem::create_directory(folder_ / "directory");
  EXPECT_THAT(CheckedFile(folder_ / "directory"), HasSubstr("FAILED   sink one: "));
  os_.Fail({.status = absl::PermissionDeniedError("Permission denied"),
            .calls = {FaultyOs::Call::kOpenToAppend}});
  EXPECT_THAT(CheckedFile(folder_ / "a"),
              HasSubstr("cannot make a file in " + folder_.path() +
                        ": Permission denied; let sparktail's user write there"));
  os_.Fail({.status = absl::ResourceExhaustedError("No space left on device"),
            .calls = {FaultyOs::Call::kOpenToAppend}});
  EXPECT_THAT(CheckedFile(folder_ / "a"), HasSubstr("No space left on device; make room there"));
}

TEST_F(CheckSinkTest, RotationNeedsItsDirectory) {
  FileSinkOptions options;
  options.path = folder_ / "a";
  options.rotate_bytes = 1 << 20;
  testing::WriteBytes(options.path, "");
  EXPECT_THAT(Checked(options), Not(HasSubstr("FAILED")));
  os_.Fail({.n = 2,
            .status = absl::PermissionDeniedError("Permission denied"),
            .calls = {FaultyOs::Call::kOpenToAppend}});
  EXPECT_THAT(Checked(options), HasSubstr("cannot rotate in " + folder_.path()));
}

TEST_F(CheckSinkTest, AHistoryIsRecognised) {
  const std::string path = folder_ / "h.db";
  EXPECT_THAT(CheckedSqlite(path), HasSubstr(path + " can be made"));
  MakeHistory(path);
  EXPECT_THAT(CheckedSqlite(path), HasSubstr(path + " is a history that can be read"));
  EXPECT_EQ(broken_, 0U);
}

TEST_F(CheckSinkTest, AHistoryInUseIsRecognised) {
  const std::string path = folder_ / "h.db";
  testing::RecordingLog log;
  DeadLetters letters(&os_, &log, folder_ / "letters", "one", uint64_t{1} << 20);
  SqliteSink sink(&os_, &log, &letters, "one", {.path = path});
  ASSERT_TRUE(sink.Open().ok());
  CheckReport report;
  SinkConfiguration configuration;
  testing::SetOptions(SqliteSinkOptions{path}, &configuration);
  CheckSink(configuration, &os_, &log_, &report);
  EXPECT_THAT(report.Text(), HasSubstr(path + " is a history that can be read"));
}

TEST_F(CheckSinkTest, AnotherDatabaseIsRefused) {
  MakeOtherDatabase(folder_ / "other.db");
  EXPECT_THAT(CheckedSqlite(folder_ / "other.db"), HasSubstr("a database of another program"));
  testing::WriteBytes(folder_ / "text.db", "hello\n");
  EXPECT_THAT(CheckedSqlite(folder_ / "text.db"), HasSubstr("is no SQLite database"));
  EXPECT_EQ(broken_, 1U);
}

TEST_F(CheckSinkTest, TheStateDirectoryIsMadeOrWrittenTo) {
  EXPECT_THAT(CheckedState(folder_ / "a/b/c"),
              HasSubstr("ok       state_dir: " + (folder_ / "a/b/c") + " can be made"));
  EXPECT_THAT(CheckedState(folder_.path()), HasSubstr("there are no cursors yet"));
  testing::WriteBytes(folder_ / "file", "");
  EXPECT_THAT(CheckedState(folder_ / "file"), HasSubstr("file is no directory"));
  os_.Fail({.status = absl::PermissionDeniedError("Permission denied"),
            .calls = {FaultyOs::Call::kOpenToAppend}});
  EXPECT_THAT(CheckedState(folder_.path()), HasSubstr("FAILED   state_dir: cannot write to"));
}

TEST_F(CheckSinkTest, CursorsThatAreThereAreLookedAt) {
  const std::string state = folder_ / "state";
  testing::RecordingLog log;
  ASSERT_TRUE(CursorStore::Open(&os_, &log, state, CursorStore::Access::kOwn, false).ok());
  EXPECT_THAT(CheckedState(state), HasSubstr("state/offsets.db can be read"));
  EXPECT_EQ(broken_, 0U);
  testing::WriteBytes(state + "/offsets.db", std::string(4096, 'x'));
  EXPECT_THAT(CheckedState(state), HasSubstr("FAILED   state_dir: "));
  EXPECT_EQ(broken_, 1U);
}

TEST_F(CheckSinkTest, LookingAtCursorsLeavesNothingBehind) {
  const std::string state = folder_ / "state";
  const auto files = [&] {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(state)) {
      names.insert(entry.path().filename());
    }
    return names;
  };
  testing::RecordingLog log;
  ASSERT_TRUE(CursorStore::Open(&os_, &log, state, CursorStore::Access::kOwn, false).ok());
  for (const int version : {1, 99}) {
    {
      auto database = Database::Open(&os_, state + "/offsets.db", {});
      const std::string sql = "PRAGMA user_version=" + std::to_string(version);
      ASSERT_TRUE(database.ok() && database->Execute(sql.c_str()).ok());
    }
    EXPECT_THAT(CheckedState(state), HasSubstr(version == 1 ? "can be read" : "newer sparktail"));
    EXPECT_THAT(files(), ::testing::ElementsAre("lock", "offsets.db"));
  }
}

}  // namespace
}  // namespace sparktail
