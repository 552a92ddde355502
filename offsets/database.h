#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ingest/base/os.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sparktail {

// One connection to an SQLite database, with what Statement and Transaction need of it. Several
// connections, of several processes too, may have one database open. Neither a connection nor
// what belongs to it is thread-safe: the caller locks.
//
// Errors, of all three classes:
//   kResourceExhausted   the disk is full
//   kUnavailable         it may work later: input and output, locks held by others, not writable
//   kDataLoss            the file is damaged, or is no database
//   kInvalidArgument     the statement refuses these values: too large, or against a constraint
//   kPermissionDenied, kInternal   all others
// Messages name the file.
class Database {
 public:
  enum class Access {
    kCreate,    // for reading and writing; made if missing, 0600 whatever the umask
    kExisting,  // for reading and writing
    kRead,      // may leave the -wal and -shm files that SQLite makes
    // For reading, beside a writer or alone. What SQLite makes for it goes again: the last one to
    // close takes over what a killed process left in the -wal file, as the next writer would, and
    // removes the files.
    kLook,
  };
  struct Options {
    Access access = Access::kCreate;
    // How long a statement waits for a lock of another connection.
    absl::Duration busy_timeout = absl::Seconds(5);
    // Of a new database: PRAGMA incremental_vacuum gives the pages of deleted rows back.
    bool incremental_vacuum = false;
  };

  // For writing, the database is in WAL mode, and commits are durable when they return
  // (synchronous=FULL). Its -wal file is kept below a few MiB, -wal and -shm have its permissions.
  static absl::StatusOr<Database> Open(Os* os, const std::string& path, const Options& options);

  // Runs statements that give no rows, separated by semicolons.
  absl::Status Execute(const char* sql);
  // The first column of the first row, as an integer; 0 if there is no row.
  absl::StatusOr<int64_t> QueryInt(std::string_view sql);
  // All that is in the -wal file goes to the database, and the file is emptied. kUnavailable if
  // another connection is in the way.
  absl::Status Checkpoint();

  // Looks for damage: ok; kDataLoss, with what was found first; or what keeps it from being read.
  absl::Status CheckIntegrity();

  // Rows that the last INSERT, UPDATE or DELETE changed.
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

  // Parameters count from 1, and are NULL until they are bound. Text and blobs are not copied: they
  // must live until the statement is reset. If a value cannot be bound, the next Step() says so.
  void BindText(int parameter, std::string_view text);
  void BindBlob(int parameter, std::string_view bytes);
  void BindInt(int parameter, int64_t value);
  void BindDouble(int parameter, double value);
  void BindNull(int parameter);

  // True if there is a row. While there is, the statement sees the database as it was at the first
  // Step(), and keeps the -wal file from being emptied: step to the end, or Reset(). After the
  // last row, and after an error, it is reset.
  absl::StatusOr<bool> Step();
  // Steps to the end, whatever the rows.
  absl::Status Run();
  // Ready to be run again; all parameters are NULL.
  void Reset();

  // Of the current row; columns count from 0. Views are good until the next Step() or Reset().
  bool IsNull(int column) const;
  int64_t Int(int column) const;
  double Double(int column) const;
  std::string_view Text(int column) const;
  std::string_view Blob(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  void Note(int result);

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bind_error_ = 0;
};

// All that is written during its life, or nothing of it.
class Transaction {
 public:
  // Takes the lock for writing at once. `database` must outlive it.
  static absl::StatusOr<Transaction> Begin(Database* database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&& other) noexcept;
  // Rolls back, unless committed.
  ~Transaction();

  // Durable when it returns OK. After an error it is rolled back, but if the process ends before
  // the next commit, another one may find that it had been made after all.
  // After an error of a statement inside, do not go on: SQLite may have rolled back already.
  absl::Status Commit();
  void Rollback();

 private:
  explicit Transaction(Database* database) : database_(database) {}

  Database* database_ = nullptr;  // null: over
};

// What an (extended) result code of SQLite means. `system_error` is the errno behind it, or 0.
absl::StatusCode StatusCodeOf(int sqlite_result, int system_error);

}  // namespace sparktail
