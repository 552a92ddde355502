#include "offsets/database.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <optional>

#include "tests/support/faulty_os.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/temp_dir.h"

namespace sparktail {
namespace {

using testing::BytesOf;
using testing::FaultyOs;
using testing::FaultyVfs;
using testing::TempDir;
using testing::WriteBytes;

class DatabaseTest : public ::testing::Test {
 protected:
  std::string Path() const { return dir_ / "a.db"; }

  Database Open(const Database::Options& options = {}) {
    absl::StatusOr<Database> database = Database::Open(&os_, Path(), options);
    EXPECT_TRUE(database.ok()) << database.status();
    return database.ok() ? *std::move(database) : Database();
  }

  static Statement Prepare(Database* database, std::string_view sql) {
    absl::StatusOr<Statement> statement = Statement::Prepare(database, sql);
    EXPECT_TRUE(statement.ok()) << statement.status();
    return *std::move(statement);
  }

  static int64_t Count(Database* database) {
    return database->QueryInt("SELECT count(*) FROM t").value_or(-1);
  }

  TempDir dir_;
  FaultyOs os_;
};

TEST_F(DatabaseTest, ValuesComeBackAsTheyWere) {
  Database database = Open();
  ASSERT_TRUE(database.Execute("CREATE TABLE t(a, b, c, d, e, f)").ok());
  const std::string text("one\0two \xff", 9);
  Statement insert = Prepare(&database, "INSERT INTO t VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
  insert.BindText(1, text);
  insert.BindBlob(2, text);
  insert.BindInt(3, INT64_MIN);
  insert.BindDouble(4, 0.25);
  insert.BindText(6, std::string_view());
  ASSERT_TRUE(insert.Run().ok());
  EXPECT_EQ(database.changes(), 1);
  EXPECT_EQ(database.last_insert_id(), 1);
  ASSERT_TRUE(insert.Run().ok());  // all parameters are NULL again

  Statement rows = Prepare(&database, "SELECT * FROM t ORDER BY rowid");
  ASSERT_TRUE(rows.Step().value());
  EXPECT_EQ(rows.Text(0), text);
  EXPECT_EQ(rows.Blob(1), text);
  EXPECT_EQ(rows.Int(2), INT64_MIN);
  EXPECT_EQ(rows.Text(3), "0.25");
  EXPECT_TRUE(rows.IsNull(4));
  EXPECT_FALSE(rows.IsNull(5));
  EXPECT_EQ(rows.Text(5), "");
  ASSERT_TRUE(rows.Step().value());
  EXPECT_TRUE(rows.IsNull(0));
  EXPECT_TRUE(rows.IsNull(5));
  EXPECT_FALSE(rows.Step().value());
}

TEST_F(DatabaseTest, QueryIntIsTheFirstValueOrZero) {
  Database database = Open();
  ASSERT_TRUE(database.Execute("CREATE TABLE t(a)").ok());
  EXPECT_EQ(database.QueryInt("SELECT a FROM t").value(), 0);
  EXPECT_EQ(database.QueryInt("SELECT 7 UNION SELECT 8").value(), 7);
  EXPECT_FALSE(database.QueryInt("SELECT b FROM t").ok());
}

TEST_F(DatabaseTest, FilesAreForTheirOwnerOnlyWhateverTheUmask) {
  const mode_t before = ::umask(0);
  Database database = Open();
  EXPECT_TRUE(database.Execute("CREATE TABLE t(a)").ok());
  ::umask(before);
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat info {};
    ASSERT_EQ(::stat((Path() + suffix).c_str(), &info), 0) << suffix;
    EXPECT_EQ(info.st_mode & 07777U, 0600U) << suffix;
  }
}

TEST_F(DatabaseTest, OddNamesAreFiles) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(dir_.path());
  for (const char* name : {":memory:", "file:x?mode=memory", "a b%20"}) {
    absl::StatusOr<Database> database = Database::Open(&os_, name, {});
    ASSERT_TRUE(database.ok()) << database.status();
    EXPECT_TRUE(database->Execute("CREATE TABLE t(a)").ok());
    database = Database();
    EXPECT_GT(std::filesystem::file_size(dir_ / name), 0U) << name;
  }
  std::filesystem::current_path(before);
}

TEST_F(DatabaseTest, EachCommitIsSynced) {
  FaultyVfs vfs;
  Database database = Open();
  ASSERT_TRUE(database.Execute("CREATE TABLE t(a)").ok());
  const size_t before = vfs.calls(FaultyVfs::Call::kSync);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(database.Execute("INSERT INTO t VALUES(1)").ok());
  EXPECT_GE(vfs.calls(FaultyVfs::Call::kSync), before + 10);
  database = Database();
}

TEST_F(DatabaseTest, FilesStaySmall) {
  FaultyVfs vfs;
  vfs.SkipSyncs();
  Database database = Open();
  ASSERT_TRUE(database.Execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b)").ok());
  {
    Statement insert =
        Prepare(&database, "INSERT OR REPLACE INTO t VALUES(?1 % 100, randomblob(3000))");
    for (int64_t i = 0; i < 10'000; ++i) {
      insert.BindInt(1, i);
      ASSERT_TRUE(insert.Run().ok());
    }
  }
  EXPECT_LE(std::filesystem::file_size(Path() + "-wal"), 6U << 20);
  EXPECT_LE(std::filesystem::file_size(Path()), 1U << 20);
  EXPECT_TRUE(database.Checkpoint().ok());
  EXPECT_EQ(std::filesystem::file_size(Path() + "-wal"), 0U);
  database = Database();
}

TEST_F(DatabaseTest, ATransactionIsAllOrNothing) {
  Database database = Open();
  ASSERT_TRUE(database.Execute("CREATE TABLE t(a)").ok());
  {
    absl::StatusOr<Transaction> dropped = Transaction::Begin(&database);
    ASSERT_TRUE(dropped.ok());
    EXPECT_TRUE(database.in_transaction());
    ASSERT_TRUE(database.Execute("INSERT INTO t VALUES(1)").ok());
  }
  EXPECT_FALSE(database.in_transaction());
  EXPECT_EQ(Count(&database), 0);

  absl::StatusOr<Transaction> transaction = Transaction::Begin(&database);
  ASSERT_TRUE(database.Execute("INSERT INTO t VALUES(1)").ok());
  Transaction moved = *std::move(transaction);
  EXPECT_TRUE(moved.Commit().ok());
  EXPECT_FALSE(moved.Commit().ok());
  moved.Rollback();
  EXPECT_EQ(Count(&database), 1);

  std::optional<Transaction> optional = *Transaction::Begin(&database);
  ASSERT_TRUE(database.Execute("INSERT INTO t VALUES(2)").ok());
  optional.reset();
  EXPECT_EQ(Count(&database), 1);
}

// SQLite itself rolls back after some errors. Later writes must not be stored alone.
TEST_F(DatabaseTest, ATransactionThatSqliteRolledBackDoesNotCommit) {
  Database database = Open();
  ASSERT_TRUE(database.Execute("CREATE TABLE t(a)").ok());
  absl::StatusOr<Transaction> transaction = Transaction::Begin(&database);
  ASSERT_TRUE(transaction.ok());
  ASSERT_TRUE(database.Execute("INSERT INTO t VALUES(1); ROLLBACK").ok());
  EXPECT_TRUE(absl::IsUnavailable(transaction->Commit()));
  EXPECT_EQ(Count(&database), 0);
}

TEST_F(DatabaseTest, ErrorsAreClassified) {
  Database database = Open();
  ASSERT_TRUE(database.Execute("CREATE TABLE t(a TEXT NOT NULL UNIQUE) STRICT").ok());
  Statement insert = Prepare(&database, "INSERT INTO t VALUES(?1)");
  EXPECT_TRUE(absl::IsInvalidArgument(insert.Run()));  // NULL
  insert.BindText(1, "x");
  EXPECT_TRUE(insert.Run().ok());
  insert.BindText(1, "x");
  EXPECT_TRUE(absl::IsInvalidArgument(insert.Run()));
  insert.BindText(2, "no such parameter");
  EXPECT_FALSE(insert.Run().ok());
  insert.BindText(1, "y");
  EXPECT_TRUE(insert.Run().ok());  // it can be used after errors

  const absl::Status no_table = database.Execute("INSERT INTO u VALUES(1)");
  EXPECT_TRUE(absl::IsInternal(no_table));
  EXPECT_EQ(no_table.message(), Path() + ": no such table: u (SQLite 1)");
}

TEST_F(DatabaseTest, CodesAreClassified) {
  using absl::StatusCode;
  EXPECT_EQ(StatusCodeOf(SQLITE_OK, 0), StatusCode::kOk);
  EXPECT_EQ(StatusCodeOf(SQLITE_FULL, 0), StatusCode::kResourceExhausted);
  EXPECT_EQ(StatusCodeOf(SQLITE_IOERR_WRITE, EIO), StatusCode::kUnavailable);
  EXPECT_EQ(StatusCodeOf(SQLITE_IOERR_WRITE, EDQUOT), StatusCode::kResourceExhausted);
  EXPECT_EQ(StatusCodeOf(SQLITE_IOERR_SHMSIZE, ENOSPC), StatusCode::kResourceExhausted);
  EXPECT_EQ(StatusCodeOf(SQLITE_IOERR_CORRUPTFS, 0), StatusCode::kDataLoss);
  EXPECT_EQ(StatusCodeOf(SQLITE_CORRUPT_INDEX, 0), StatusCode::kDataLoss);
  EXPECT_EQ(StatusCodeOf(SQLITE_NOTADB, 0), StatusCode::kDataLoss);
  for (const int code : {SQLITE_BUSY_SNAPSHOT, SQLITE_LOCKED, SQLITE_CANTOPEN_ISDIR, SQLITE_NOMEM,
                         SQLITE_READONLY_DBMOVED, SQLITE_INTERRUPT, SQLITE_PROTOCOL}) {
    EXPECT_EQ(StatusCodeOf(code, 0), StatusCode::kUnavailable) << code;
  }
  for (const int code : {SQLITE_TOOBIG, SQLITE_CONSTRAINT_UNIQUE, SQLITE_MISMATCH}) {
    EXPECT_EQ(StatusCodeOf(code, 0), StatusCode::kInvalidArgument) << code;
  }
  EXPECT_EQ(StatusCodeOf(SQLITE_AUTH, 0), StatusCode::kPermissionDenied);
  EXPECT_EQ(StatusCodeOf(SQLITE_MISUSE, 0), StatusCode::kInternal);
}

TEST_F(DatabaseTest, AFileThatIsNoDatabaseIsDataLoss) {
  WriteBytes(Path(), std::string(5000, 'x'));
  const absl::StatusOr<Database> database = Database::Open(&os_, Path(), {});
  EXPECT_TRUE(absl::IsDataLoss(database.status())) << database.status();
  EXPECT_NE(database.status().message().find(Path()), std::string::npos);
  EXPECT_EQ(BytesOf(Path()), std::string(5000, 'x'));
}

TEST_F(DatabaseTest, AFileThatCannotBeOpenedIsReported) {
  const auto open = [&](const std::string& path, Database::Access access) {
    return Database::Open(&os_, path, {.access = access}).status();
  };
  EXPECT_TRUE(absl::IsUnavailable(open(Path(), Database::Access::kExisting)));
  EXPECT_TRUE(absl::IsUnavailable(open(Path(), Database::Access::kRead)));
  EXPECT_FALSE(std::filesystem::exists(Path()));
  EXPECT_TRUE(absl::IsNotFound(open(dir_ / "no/a.db", Database::Access::kCreate)));
  EXPECT_TRUE(absl::IsUnavailable(open(dir_.path(), Database::Access::kCreate)));
  const absl::Status no_space = absl::ResourceExhaustedError("No space left on device");
  os_.Fail({.status = no_space, .calls = {FaultyOs::Call::kOpenToAppend}});
  EXPECT_EQ(open(Path(), Database::Access::kCreate),
            absl::ResourceExhaustedError(Path() + ": No space left on device"));
}

TEST_F(DatabaseTest, AReaderChangesNothing) {
  Database writer = Open();
  ASSERT_TRUE(writer.Execute("CREATE TABLE t(a)").ok());
  Database reader = Open({.access = Database::Access::kRead});
  EXPECT_EQ(Count(&reader), 0);
  ASSERT_TRUE(writer.Execute("INSERT INTO t VALUES(1)").ok());
  EXPECT_EQ(Count(&reader), 1);
  EXPECT_TRUE(absl::IsUnavailable(reader.Execute("INSERT INTO t VALUES(2)")));
}

TEST_F(DatabaseTest, ALookChangesNothingAndLeavesNothingBehind) {
  const auto look = [&] { return Open({.access = Database::Access::kLook}); };
  const auto has_files = [&] {
    return std::filesystem::exists(Path() + "-wal") || std::filesystem::exists(Path() + "-shm");
  };
  { ASSERT_TRUE(Open().Execute("CREATE TABLE t(a); INSERT INTO t VALUES(1)").ok()); }
  const std::string before = BytesOf(Path());
  {
    Database looker = look();
    EXPECT_EQ(Count(&looker), 1);
    EXPECT_TRUE(absl::IsUnavailable(looker.Execute("INSERT INTO t VALUES(2)")));
  }
  EXPECT_FALSE(has_files());
  EXPECT_EQ(BytesOf(Path()), before);

  std::optional<Database> writer = Open();
  ASSERT_TRUE(writer->Execute("INSERT INTO t VALUES(2)").ok());
  std::optional<Database> looker = look();
  EXPECT_EQ(Count(&*looker), 2);
  looker.reset();
  EXPECT_TRUE(has_files());
  ASSERT_TRUE(writer->Execute("INSERT INTO t VALUES(3)").ok());
  looker = look();
  writer.reset();
  EXPECT_EQ(Count(&*looker), 3);
  looker.reset();
  EXPECT_FALSE(has_files());
}

TEST_F(DatabaseTest, AWriterWaitsForItsTurnAndGivesUp) {
  Database first = Open();
  ASSERT_TRUE(first.Execute("CREATE TABLE t(a)").ok());
  Database second = Open({.busy_timeout = absl::Milliseconds(5)});
  absl::StatusOr<Transaction> transaction = Transaction::Begin(&first);
  ASSERT_TRUE(transaction.ok());
  EXPECT_TRUE(absl::IsUnavailable(Transaction::Begin(&second).status()));
  transaction->Rollback();
  EXPECT_TRUE(Transaction::Begin(&second).ok());
}

TEST_F(DatabaseTest, AStatementMayOutliveItsDatabase) {
  std::optional<Database> database = Open();
  Statement statement = Prepare(&*database, "SELECT 1 UNION SELECT 2");
  EXPECT_TRUE(statement.Step().value());
  database.reset();
  EXPECT_EQ(statement.Int(0), 1);
}

TEST_F(DatabaseTest, DeletedPagesCanBeGivenBack) {
  Database database = Open({.incremental_vacuum = true});
  ASSERT_TRUE(database.Execute("CREATE TABLE t(a); INSERT INTO t VALUES(zeroblob(4000000))").ok());
  ASSERT_TRUE(database.Checkpoint().ok());
  const uint64_t before = std::filesystem::file_size(Path());
  ASSERT_TRUE(database.Execute("DELETE FROM t; PRAGMA incremental_vacuum").ok());
  ASSERT_TRUE(database.Checkpoint().ok());
  EXPECT_LT(std::filesystem::file_size(Path()) * 10, before);
}

TEST_F(DatabaseTest, AFullDiskIsOverWhenThereIsRoom) {
  FaultyVfs vfs;
  {
    Database database = Open();
    ASSERT_TRUE(database.Execute("CREATE TABLE t(a)").ok());
    vfs.Fail({.kind = FaultyVfs::Kind::kFull, .from_then_on = true});
    for (int i = 0; i < 3; ++i) {
      absl::StatusOr<Transaction> transaction = Transaction::Begin(&database);
      ASSERT_TRUE(transaction.ok()) << transaction.status();
      ASSERT_TRUE(database.Execute("INSERT INTO t VALUES(1)").ok());
      EXPECT_TRUE(absl::IsResourceExhausted(transaction->Commit()));
      EXPECT_FALSE(database.in_transaction());
      EXPECT_EQ(Count(&database), 0);
    }
    vfs.Heal();
    EXPECT_TRUE(database.Execute("INSERT INTO t VALUES(1)").ok());
    EXPECT_EQ(Count(&database), 1);
  }
}

}  // namespace
}  // namespace sparktail
