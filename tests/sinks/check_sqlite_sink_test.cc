#include "sinks/sqlite/check_sqlite_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <set>
#include <string>
#include <utility>

#include "sinks/dead_letter.h"
#include "sinks/sqlite/sqlite_sink.h"
#include "sinks/sqlite/sqlite_sink_kind.h"
#include "sinks/sqlite/sqlite_sink_options.h"
#include "tests/support/faulty_os.h"
#include "tests/support/recording_log.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::FaultyOs;
using ::testing::HasSubstr;

class CheckSqliteSinkTest : public ::testing::Test {
 protected:
  std::string Checked(SqliteSinkOptions options) {
    SinkConfiguration sink;
    sink.name = "one";
    sink.kind = &SqliteSinkKind();
    sink.options = AnyOptions::Of(std::move(options));
    CheckReport report;
    const std::set<std::string> before = Files();
    sink.kind->check(sink, {&os_, &log_}, &report);
    EXPECT_EQ(Files(), before) << "nothing is changed";
    broken_ = report.broken();
    return report.Text();
  }
  std::string CheckedSqlite(const std::string& path) { return Checked(SqliteSinkOptions{path}); }
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

TEST_F(CheckSqliteSinkTest, AHistoryIsRecognised) {
  const std::string path = folder_ / "h.db";
  EXPECT_THAT(CheckedSqlite(path), HasSubstr(path + " can be made"));
  MakeHistory(path);
  EXPECT_THAT(CheckedSqlite(path), HasSubstr(path + " is a history that can be read"));
  EXPECT_EQ(broken_, 0U);
}

TEST_F(CheckSqliteSinkTest, AHistoryInUseIsRecognised) {
  const std::string path = folder_ / "h.db";
  testing::RecordingLog log;
  DeadLetters letters(&os_, &log, folder_ / "letters", "one", uint64_t{1} << 20);
  SqliteSink sink(&os_, &log, &letters, "one", {.path = path});
  ASSERT_TRUE(sink.Open().ok());
  CheckReport report;
  SinkConfiguration configuration;
  configuration.options = AnyOptions::Of(SqliteSinkOptions{path});
  CheckSqliteSink(configuration, {&os_, &log_}, &report);
  EXPECT_THAT(report.Text(), HasSubstr(path + " is a history that can be read"));
}

TEST_F(CheckSqliteSinkTest, AnotherDatabaseIsRefused) {
  MakeOtherDatabase(folder_ / "other.db");
  EXPECT_THAT(CheckedSqlite(folder_ / "other.db"), HasSubstr("a database of another program"));
  testing::WriteBytes(folder_ / "text.db", "hello\n");
  EXPECT_THAT(CheckedSqlite(folder_ / "text.db"), HasSubstr("is no SQLite database"));
  EXPECT_EQ(broken_, 1U);
}

}  // namespace
}  // namespace sparktail
