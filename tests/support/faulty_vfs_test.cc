#include "tests/support/faulty_vfs.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>

#include "tests/support/temp_dir.h"

namespace sparktail::testing {
namespace {

using Call = FaultyVfs::Call;

class FaultyVfsTest : public ::testing::Test {
 protected:
  int Open() { return sqlite3_open((dir_ / "a.db").c_str(), &connection_); }
  int Run(const char* sql) {
    sqlite3_extended_result_codes(connection_, 1);
    return sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr);
  }
  void Close() {
    EXPECT_EQ(sqlite3_close(connection_), SQLITE_OK);
    connection_ = nullptr;
  }

  TempDir dir_;
  sqlite3* connection_ = nullptr;
};

TEST_F(FaultyVfsTest, CountsAndGoesAwayAgain) {
  sqlite3_vfs* const before = sqlite3_vfs_find(nullptr);
  {
    FaultyVfs vfs;
    EXPECT_NE(sqlite3_vfs_find(nullptr), before);
    ASSERT_EQ(Open(), SQLITE_OK);
    EXPECT_EQ(Run("PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES(1)"), 0);
    EXPECT_GT(vfs.calls(Call::kOpen), 1U);
    EXPECT_GT(vfs.calls(Call::kWrite), 2U);
    EXPECT_GT(vfs.calls(Call::kSync), 1U);
    EXPECT_GT(vfs.calls(Call::kShmMap), 0U);
    EXPECT_GT(vfs.open_files(), 1U);
    Close();
    EXPECT_GT(vfs.calls(Call::kDelete), 0U);
    EXPECT_EQ(vfs.open_files(), 0U);
  }
  EXPECT_EQ(sqlite3_vfs_find(nullptr), before);
  EXPECT_EQ(sqlite3_vfs_find("faulty"), nullptr);
}

TEST_F(FaultyVfsTest, TheNthCallFailsOnce) {
  FaultyVfs vfs;
  ASSERT_EQ(Open(), SQLITE_OK);
  ASSERT_EQ(Run("PRAGMA journal_mode=WAL; CREATE TABLE t(a)"), SQLITE_OK);
  vfs.Fail({.path_contains = "a.db-wal"});
  const int result = Run("INSERT INTO t VALUES(1)");
  EXPECT_EQ(result & 0xff, SQLITE_IOERR);
  EXPECT_NE(result, SQLITE_IOERR);  // it says of what
  EXPECT_EQ(vfs.failed(), 1U);
  EXPECT_NE(vfs.first_failure().find("a.db-wal"), std::string::npos) << vfs.first_failure();
  EXPECT_EQ(Run("INSERT INTO t VALUES(2)"), SQLITE_OK);
  Close();
}

TEST_F(FaultyVfsTest, AFullDiskCanBeRead) {
  FaultyVfs vfs;
  ASSERT_EQ(Open(), SQLITE_OK);
  ASSERT_EQ(Run("CREATE TABLE t(a)"), SQLITE_OK);
  vfs.Fail({.kind = FaultyVfs::Kind::kFull, .from_then_on = true});
  EXPECT_EQ(Run("INSERT INTO t VALUES(1)"), SQLITE_FULL);
  EXPECT_EQ(Run("INSERT INTO t VALUES(1)"), SQLITE_FULL);
  EXPECT_EQ(Run("SELECT * FROM t"), SQLITE_OK);
  vfs.Heal();
  EXPECT_EQ(Run("INSERT INTO t VALUES(1)"), SQLITE_OK);
  Close();
}

TEST_F(FaultyVfsTest, ATornWriteHasDoneTheHalf) {
  FaultyVfs vfs;
  ASSERT_EQ(Open(), SQLITE_OK);
  ASSERT_EQ(Run("PRAGMA journal_mode=WAL; CREATE TABLE t(a); PRAGMA wal_checkpoint(TRUNCATE)"), 0);
  vfs.Fail({.kind = FaultyVfs::Kind::kTorn, .from_then_on = true, .path_contains = "a.db-wal"});
  EXPECT_EQ(Run("INSERT INTO t VALUES(1)") & 0xff, SQLITE_IOERR);
  EXPECT_EQ(BytesOf(dir_ / "a.db-wal").size(), 16U);  // of a header of 32
  vfs.Heal();
  EXPECT_EQ(Run("INSERT INTO t VALUES(1)"), SQLITE_OK);
  Close();
}

}  // namespace
}  // namespace sparktail::testing
