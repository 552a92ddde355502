#include "sinks/sqlite/check_sqlite_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>
#include <string>

#include "sinks/dead_letter.h"
#include "sinks/sqlite/sqlite_sink.h"
#include "sinks/sqlite/sqlite_sink_kind.h"
#include "sinks/sqlite/sqlite_sink_options.h"
#include "tests/support/checked.h"

namespace sparktail {
namespace {

using ::testing::HasSubstr;

class CheckSqliteSinkTest : public testing::CheckedTest {
 protected:
  std::string CheckedSqlite(const std::string& path) {
    return CheckedSink(SqliteSinkKind(), SqliteSinkOptions{path});
  }
  std::unique_ptr<SqliteSink> OpenHistory(const std::string& path) {
    auto sink = std::make_unique<SqliteSink>(&os_, &log_, &letters_, "one",
                                             SqliteSinkOptions{.path = path});
    EXPECT_TRUE(sink->Open().ok());
    return sink;
  }
  void MakeOtherDatabase(const std::string& path) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, "CREATE TABLE t (x)", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
  }

  DeadLetters letters_{&os_, &log_, folder_ / "letters", "one", uint64_t{1} << 20};
};

TEST_F(CheckSqliteSinkTest, AHistoryIsRecognised) {
  const std::string path = folder_ / "h.db";
  EXPECT_THAT(CheckedSqlite(path), HasSubstr(path + " can be made"));
  OpenHistory(path);
  EXPECT_THAT(CheckedSqlite(path), HasSubstr(path + " is a history that can be read"));
  EXPECT_EQ(broken_, 0U);
}

TEST_F(CheckSqliteSinkTest, AHistoryInUseIsRecognised) {
  const std::string path = folder_ / "h.db";
  const auto sink = OpenHistory(path);
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
