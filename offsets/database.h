#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "ingest/base/os.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sparktail {

// One connection to an SQLite database. Several connections, also of several processes, may have
// one database open. A connection with its statements and transactions is not thread-safe: the
// caller locks.
//
// Errors of Database, Statement and Transaction:
//   kResourceExhausted   the disk is full
//   kUnavailable         a retry may succeed: an I/O error, a lock held by others, not writable
//   kDataLoss            the file is damaged, or is not a database
//   kInvalidArgument     the database rejects a value: it is too large, or violates a constraint
//   kPermissionDenied, kInternal   all others
// Messages name the file.
class Database {
 public:
  enum class Access {
    kCreate,    // for reading and writing; created if missing, 0600 whatever the umask
    kExisting,  // for reading and writing
    kRead,      // for reading; may leave behind the -wal and -shm files that SQLite creates
    // For reading, beside a writer or alone. Leaves no file behind: the last connection to close
    // moves the content of a killed process's -wal file into the database, as the next writer
    // would, and deletes the -wal and -shm files.
    kLook,
  };
  struct Options {
    Access access = Access::kCreate;
    // How long a statement waits for a lock of another connection.
    absl::Duration busy_timeout = absl::Seconds(5);
    // Lets PRAGMA incremental_vacuum free the pages of deleted rows. For new databases only.
    bool incremental_vacuum = false;
  };

  // A database opened for writing is in WAL mode, and commits are durable when they return
  // (synchronous=FULL). Its -wal file is kept below a few MiB; -wal and -shm get its permissions.
  static absl::StatusOr<Database> Open(Os* os, const std::string& path, const Options& options);

  // Runs statements that give no rows, separated by semicolons.
  absl::Status Execute(const char* sql);
  // The first column of the first row, as an integer; 0 if there is no row.
  absl::StatusOr<int64_t> QueryInt(std::string_view sql);
  // Moves the content of the -wal file into the database and empties the file. kUnavailable if
  // another connection is in the way.
  absl::Status Checkpoint();

  // Looks for damage: OK if there is none; kDataLoss with the first finding; or the error that
  // keeps the database from being read.
  absl::Status CheckIntegrity();

  // The number of rows that the last INSERT, UPDATE or DELETE changed.
  int64_t changes() const;
  int64_t last_insert_id() const;
  bool in_transaction() const;

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* connection) const;
  };

  absl::Status ReadAllPages();

  std::unique_ptr<sqlite3, Close> connection_;
};

// A prepared statement. May be destroyed after its database.
class Statement {
 public:
  Statement() = default;
  static absl::StatusOr<Statement> Prepare(Database* database, std::string_view sql);
  // Prepares each statement of a list with its SQL.
  static absl::Status PrepareAll(
      Database* database, std::initializer_list<std::pair<Statement*, std::string_view>> all);

  // Parameters count from 1, and are NULL until they are bound. Text and blobs are not copied: they
  // must live until the statement is reset. If a value cannot be bound, the next Step() returns the
  // error.
  void BindText(int parameter, std::string_view text);
  void BindBlob(int parameter, std::string_view bytes);
  void BindInt(int parameter, int64_t value);
  void BindDouble(int parameter, double value);

  // Moves to the next row; false if there is none. Until the last row the statement sees the
  // database as it was at the first Step(), and keeps the -wal file from being emptied: step to
  // the end, or call Reset(). After the last row, and after an error, the statement is reset.
  absl::StatusOr<bool> Step();
  // Steps to the end and ignores the rows.
  absl::Status Run();
  // Makes the statement ready to run again, with all parameters NULL.
  void Reset();

  // Values of the current row; columns count from 0. Views are valid until the next Step() or
  // Reset().
  bool IsNull(int column) const;
  int64_t Int(int column) const;
  std::string_view Text(int column) const;
  std::string_view Blob(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  void KeepBindError(int result);

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bind_error_ = 0;
};

// Writes that are stored together, or not at all: those between Begin() and Commit().
class Transaction {
 public:
  // Takes the lock for writing at once. `database` must outlive it.
  static absl::StatusOr<Transaction> Begin(Database* database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&& other) noexcept;
  // Rolls back, unless committed.
  ~Transaction();

  // Durable when it returns OK. An error rolls the transaction back; but if the process stops
  // before its next commit, another process may still find this one committed.
  // Do not commit after an error of a statement inside: SQLite may have rolled back already.
  absl::Status Commit();
  void Rollback();

 private:
  explicit Transaction(Database* database) : database_(database) {}

  Database* database_ = nullptr;  // null: committed, rolled back, or moved from
};

// Maps an (extended) result code of SQLite. `system_error` is the errno that caused it, or 0.
absl::StatusCode StatusCodeOf(int sqlite_result, int system_error);

}  // namespace sparktail
