#include "offsets/database.h"

#include <absl/strings/str_cat.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "ingest/base/annotated.h"

namespace sparktail {
namespace {

constexpr int kPrimary = 0xff;  // the bits of an extended result code that are the primary code

// Describes the last call on this connection, which returned `result`.
absl::Status ErrorOf(sqlite3* connection, int result) {
  const char* path = sqlite3_db_filename(connection, "main");
  const int primary = result & kPrimary;
  const bool is_system = primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN;
  const int system_error = is_system ? sqlite3_system_errno(connection) : 0;
  std::string message = absl::StrCat(path == nullptr ? "" : path, path == nullptr ? "" : ": ",
                                     sqlite3_errmsg(connection), " (SQLite ", result);
  if (system_error != 0) absl::StrAppend(&message, ", ", std::strerror(system_error));
  message += ")";
  return absl::Status(StatusCodeOf(result, system_error), message);
}

// SQLite itself would create the file with the permissions that the umask leaves of 0644.
absl::Status CreateIfMissing(Os* os, const std::string& path) {
  const absl::StatusOr<Os::FileInfo> info = os->StatPath(path, /*follow_links=*/true);
  // An existing file is not opened, because closing it would drop this process's locks on it.
  if (info.ok()) return absl::OkStatus();
  if (!absl::IsNotFound(info.status())) return info.status();
  const absl::StatusOr<int> fd = os->OpenToAppend(path, 0600);
  if (!fd.ok()) return fd.status();
  os->Close(*fd);
  return absl::OkStatus();
}

absl::Status SetWal(Database* database, const std::string& path) {
  absl::StatusOr<Statement> mode = Statement::Prepare(database, "PRAGMA journal_mode=WAL");
  if (!mode.ok()) return mode.status();
  const absl::StatusOr<bool> row = mode->Step();
  if (!row.ok()) return row.status();
  if (*row && mode->Text(0) == "wal") return absl::OkStatus();
  return Annotated(absl::UnavailableError("write-ahead logging is not possible here: the "
                                          "file system has no shared memory"),
                   path);
}

absl::Status Configure(Database* database, const std::string& path,
                       const Database::Options& options) {
  static constexpr char kAll[] =
      "PRAGMA temp_store=MEMORY;"
      "PRAGMA trusted_schema=OFF;"
      "PRAGMA cell_size_check=ON";
  if (absl::Status status = database->Execute(kAll); !status.ok()) return status;
  if (options.access == Database::Access::kLook) return database->Execute("PRAGMA query_only=ON");
  if (options.access == Database::Access::kRead) return absl::OkStatus();
  if (options.incremental_vacuum) {
    absl::Status status = database->Execute("PRAGMA auto_vacuum=INCREMENTAL");
    if (!status.ok()) return status;
  }
  if (absl::Status status = SetWal(database, path); !status.ok()) return status;
  static constexpr char kWriting[] =
      "PRAGMA synchronous=FULL;"
      "PRAGMA wal_autocheckpoint=1000;"  // pages, about 4 MiB
      "PRAGMA journal_size_limit=4194304";
  return database->Execute(kWriting);
}

// Turns the lines of "*** in database main ***\nPage 2: …" into one, without the first.
std::string ToOneLine(std::string_view found) {
  static constexpr std::string_view kPreface = "*** in database main ***\n";
  if (found.starts_with(kPreface)) found.remove_prefix(kPreface.size());
  std::string line(found);
  for (size_t at = line.find('\n'); at != std::string::npos; at = line.find('\n', at)) {
    line.replace(at, 1, "; ");
  }
  return line;
}

}  // namespace

absl::StatusCode StatusCodeOf(int sqlite_result, int system_error) {
  switch (sqlite_result) {
    case SQLITE_IOERR_CORRUPTFS:
    case SQLITE_IOERR_DATA:
      return absl::StatusCode::kDataLoss;
    default:
      break;
  }
  switch (sqlite_result & kPrimary) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return absl::StatusCode::kOk;
    case SQLITE_FULL:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return system_error == ENOSPC || system_error == EDQUOT ? absl::StatusCode::kResourceExhausted
                                                              : absl::StatusCode::kUnavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return absl::StatusCode::kDataLoss;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_READONLY:
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT:
    case SQLITE_ABORT:
    case SQLITE_SCHEMA:
      return absl::StatusCode::kUnavailable;
    case SQLITE_TOOBIG:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return absl::StatusCode::kInvalidArgument;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::StatusCode::kPermissionDenied;
    default:
      return absl::StatusCode::kInternal;
  }
}

// ---------------------------------------------------------------- Database

void Database::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

absl::StatusOr<Database> Database::Open(Os* os, const std::string& path, const Options& options) {
  if (options.access == Access::kCreate) {
    const absl::Status made = CreateIfMissing(os, path);
    if (!made.ok()) return Annotated(made, path);
  }
  const int access = options.access == Access::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  // SQLite does not take ":memory:" and "" for files.
  const std::string name = path.starts_with('/') ? path : "./" + path;
  sqlite3* connection = nullptr;
  const int result =
      sqlite3_open_v2(name.c_str(), &connection,
                      access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, /*zVfs=*/nullptr);
  Database database;
  database.connection_.reset(connection);  // may be set even after an error
  if (connection == nullptr) return Annotated(absl::UnavailableError("out of memory"), path);
  if (result != SQLITE_OK) return Annotated(ErrorOf(connection, result), path);
  sqlite3_busy_timeout(connection, static_cast<int>(options.busy_timeout / absl::Milliseconds(1)));
  const absl::Status configured = Configure(&database, path, options);
  if (!configured.ok()) return configured;
  const bool is_read_only = sqlite3_db_readonly(connection, "main") == 1;
  const bool writes = options.access == Access::kCreate || options.access == Access::kExisting;
  if (is_read_only && writes) {
    return Annotated(absl::UnavailableError("the file is read-only"), path);
  }
  return database;
}

absl::Status Database::Execute(const char* sql) {
  const int result = sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr);
  return result == SQLITE_OK ? absl::OkStatus() : ErrorOf(connection_.get(), result);
}

absl::StatusOr<int64_t> Database::QueryInt(std::string_view sql) {
  absl::StatusOr<Statement> statement = Statement::Prepare(this, sql);
  if (!statement.ok()) return statement.status();
  const absl::StatusOr<bool> row = statement->Step();
  if (!row.ok()) return row.status();
  return *row ? statement->Int(0) : 0;
}

absl::Status Database::Checkpoint() {
  const int result = sqlite3_wal_checkpoint_v2(connection_.get(), "main",
                                               SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  return result == SQLITE_OK ? absl::OkStatus() : ErrorOf(connection_.get(), result);
}

absl::Status Database::CheckIntegrity() {
  std::string found;
  // integrity_check reports unreadable pages as damaged, so ReadAllPages() tells the two apart. If
  // it can read them, they may be readable again: the check runs once more.
  for (int tries = 0; tries < 2; ++tries) {
    absl::StatusOr<Statement> check = Statement::Prepare(this, "PRAGMA integrity_check(1)");
    if (!check.ok()) return check.status();
    const absl::StatusOr<bool> row = check->Step();
    if (!row.ok()) return row.status();
    found = *row ? check->Text(0) : "it cannot be checked";
    if (found == "ok") return absl::OkStatus();
    check->Reset();
    if (absl::Status read = ReadAllPages(); !read.ok()) return read;
  }
  return absl::DataLossError(
      absl::StrCat(sqlite3_db_filename(connection_.get(), "main"), ": ", ToOneLine(found)));
}

absl::Status Database::ReadAllPages() {
  sqlite3* memory = nullptr;
  int result = sqlite3_open_v2(":memory:", &memory, SQLITE_OPEN_READWRITE, /*zVfs=*/nullptr);
  const std::unique_ptr<sqlite3, Close> owner(memory);
  if (result != SQLITE_OK) return absl::UnavailableError("out of memory");
  sqlite3_backup* copy = sqlite3_backup_init(memory, "main", connection_.get(), "main");
  if (copy == nullptr) return ErrorOf(memory, sqlite3_extended_errcode(memory));
  sqlite3_backup_step(copy, /*nPage=*/-1);
  result = sqlite3_backup_finish(copy);
  return result == SQLITE_OK ? absl::OkStatus() : ErrorOf(memory, result);
}

int64_t Database::changes() const { return sqlite3_changes64(connection_.get()); }

int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(connection_.get()); }

bool Database::in_transaction() const { return sqlite3_get_autocommit(connection_.get()) == 0; }

// ---------------------------------------------------------------- Statement

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

absl::StatusOr<Statement> Statement::Prepare(Database* database, std::string_view sql) {
  sqlite3* connection = database->connection_.get();
  sqlite3_stmt* prepared = nullptr;
  const int result = sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (result != SQLITE_OK) return ErrorOf(connection, result);
  Statement statement;
  statement.statement_.reset(prepared);
  return statement;
}

absl::Status Statement::PrepareAll(
    Database* database, std::initializer_list<std::pair<Statement*, std::string_view>> all) {
  for (const auto& [statement, sql] : all) {
    absl::StatusOr<Statement> prepared = Prepare(database, sql);
    if (!prepared.ok()) return prepared.status();
    *statement = *std::move(prepared);
  }
  return absl::OkStatus();
}

void Statement::KeepBindError(int result) {
  if (bind_error_ == SQLITE_OK) bind_error_ = result;
}

void Statement::BindText(int parameter, std::string_view text) {
  // SQLite takes a null pointer for NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  KeepBindError(sqlite3_bind_text64(statement_.get(), parameter, data, text.size(), SQLITE_STATIC,
                                    SQLITE_UTF8));
}

void Statement::BindBlob(int parameter, std::string_view bytes) {
  const char* data = bytes.data() == nullptr ? "" : bytes.data();
  KeepBindError(
      sqlite3_bind_blob64(statement_.get(), parameter, data, bytes.size(), SQLITE_STATIC));
}

void Statement::BindInt(int parameter, int64_t value) {
  KeepBindError(sqlite3_bind_int64(statement_.get(), parameter, value));
}

void Statement::BindDouble(int parameter, double value) {
  KeepBindError(sqlite3_bind_double(statement_.get(), parameter, value));
}

absl::StatusOr<bool> Statement::Step() {
  sqlite3* connection = sqlite3_db_handle(statement_.get());
  const int result = bind_error_ == SQLITE_OK ? sqlite3_step(statement_.get()) : bind_error_;
  if (result == SQLITE_ROW) return true;
  const absl::Status status =
      result == SQLITE_DONE ? absl::OkStatus() : ErrorOf(connection, result);
  Reset();
  if (!status.ok()) return status;
  return false;
}

absl::Status Statement::Run() {
  absl::StatusOr<bool> row = Step();
  while (row.ok() && *row) row = Step();
  return row.status();
}

void Statement::Reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  bind_error_ = SQLITE_OK;
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string_view Statement::Text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_.get(), column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::string_view Statement::Blob(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes),
          static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

// ---------------------------------------------------------------- Transaction

absl::StatusOr<Transaction> Transaction::Begin(Database* database) {
  const absl::Status status = database->Execute("BEGIN IMMEDIATE");
  if (!status.ok()) return status;
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction& Transaction::operator=(Transaction&& other) noexcept {
  if (this == &other) return *this;
  Rollback();
  database_ = std::exchange(other.database_, nullptr);
  return *this;
}

Transaction::~Transaction() { Rollback(); }

absl::Status Transaction::Commit() {
  if (database_ == nullptr || !database_->in_transaction()) {
    database_ = nullptr;
    return absl::UnavailableError("the transaction was rolled back after an earlier error");
  }
  absl::Status status = database_->Execute("COMMIT");
  if (!status.ok()) Rollback();
  database_ = nullptr;
  return status;
}

void Transaction::Rollback() {
  Database* database = std::exchange(database_, nullptr);
  if (database == nullptr || !database->in_transaction()) return;
  // ROLLBACK ends the transaction even if it reports an error.
  database->Execute("ROLLBACK").IgnoreError();
}

}  // namespace sparktail
