#include "sinks/sqlite/sqlite_sink.h"

#include <absl/time/time.h>

#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "sinks/output_file.h"
#include "sinks/sqlite/event_columns.h"
#include "sinks/sqlite/history_file.h"
#include "sinks/sqlite/schema.h"

namespace sparktail {
namespace {

// Old rows are deleted in small transactions, so that other writers need not wait, and in few of
// them at each call, so that the sink need not.
constexpr int64_t kRowsPerStep = 500;
constexpr int kStepsPerTidy = 20;
// The cursor store keeps cursors of vanished streams for the same time.
constexpr absl::Duration kKeepEnded = absl::Hours(24 * 30);

std::string InsertSql() {
  std::string columns = "id, received, document";
  std::string values = "?, ?, ?";
  for (const std::string_view name : kEventColumnNames) {
    columns.append(", ").append(name);
    values.append(", ?");
  }
  // OR IGNORE would hide other errors of the row too.
  return "INSERT INTO events (" + columns + ") VALUES (" + values + ") ON CONFLICT (id) DO NOTHING";
}
constexpr int kFirstEventColumn = 4;

constexpr std::string_view kDeleteOldSql =
    "DELETE FROM events WHERE rowid IN (SELECT rowid FROM events WHERE time < ?1 LIMIT ?2)";
// Events without a time of their own.
constexpr std::string_view kDeleteTimelessSql =
    "DELETE FROM events WHERE rowid IN "
    "(SELECT rowid FROM events WHERE time IS NULL AND received < ?1 LIMIT ?2)";

void Bind(int parameter, const EventValue& value, Statement* statement) {
  std::visit(
      [&](const auto& known) {
        using Value = std::decay_t<decltype(known)>;
        if constexpr (std::is_same_v<Value, int64_t>) {
          statement->BindInt(parameter, known);
        } else if constexpr (std::is_same_v<Value, double>) {
          statement->BindDouble(parameter, known);
        } else if constexpr (std::is_same_v<Value, std::string_view>) {
          statement->BindText(parameter, known);
        }
      },
      value);
}

}  // namespace

SqliteSink::SqliteSink(Os* os, Log* log, DeadLetters* dead_letters, std::string name,
                       SqliteSinkOptions options)
    : os_(os),
      log_(log),
      name_(std::move(name)),
      options_(std::move(options)),
      path_(options_.path),
      refused_(dead_letters) {}

absl::Status SqliteSink::Explain(const absl::Status& status) const {
  return AdviseOnHistory(status, path_);
}

// ---------------------------------------------------------------- Opening

absl::StatusOr<std::vector<StreamCursor>> SqliteSink::Open() {
  absl::Status status = OpenDatabase();
  if (status.ok()) status = Prepare();
  if (!status.ok()) return Explain(status);
  absl::StatusOr<std::vector<StreamCursor>> cursors = LoadCursors();
  if (!cursors.ok()) return Explain(cursors.status());
  return cursors;
}

absl::Status SqliteSink::OpenDatabase() {
  // SQLite would create it too, but with other permissions and poorer messages.
  if (!os_->StatPath(path_, /*follow_links=*/true).ok()) {
    const absl::StatusOr<int> fd = OpenOutputFile(os_, path_);
    if (!fd.ok()) return fd.status();
    os_->Close(*fd);
  }
  if (absl::Status status = CheckOwner(); !status.ok()) return status;
  absl::StatusOr<Database> database =
      Database::Open(os_, path_, {.access = Database::Access::kExisting});
  if (!database.ok()) return database.status();
  database_ = *std::move(database);
  const absl::StatusOr<Os::FileInfo> info = os_->StatPath(path_, /*follow_links=*/true);
  if (!info.ok()) return Because(info.status(), "read " + path_);
  file_ = *info;
  const absl::StatusOr<bool> is_history = IsHistory(&*database_, path_);
  if (!is_history.ok()) return is_history.status();
  return *is_history ? absl::OkStatus() : CreateSchema();
}

// Opening for writing changes the file, so check first that it is not another program's.
absl::Status SqliteSink::CheckOwner() {
  absl::StatusOr<Database> look = Database::Open(os_, path_, {.access = Database::Access::kRead});
  const absl::Status status = look.ok() ? IsHistory(&*look, path_).status() : look.status();
  // After a crash the database may be readable only once it was opened for writing.
  return absl::IsUnavailable(status) ? absl::OkStatus() : status;
}

absl::Status SqliteSink::CreateSchema() {
  absl::StatusOr<Transaction> transaction = Transaction::Begin(&*database_);
  if (!transaction.ok()) return transaction.status();
  // Another process may have created the schema meanwhile.
  const absl::StatusOr<bool> is_history = IsHistory(&*database_, path_);
  if (!is_history.ok()) return is_history.status();
  if (*is_history) return absl::OkStatus();
  const std::string sql = kHistorySchema + std::string(CursorTable::kSchema) +
                          ("PRAGMA application_id = " + std::to_string(kHistoryApplicationId)) +
                          "; PRAGMA user_version = " + std::to_string(kHistoryVersion) + ";";
  if (absl::Status status = database_->Execute(sql.c_str()); !status.ok()) return status;
  return transaction->Commit();
}

absl::Status SqliteSink::Prepare() {
  const std::string insert_sql = InsertSql();
  absl::Status status =
      Statement::PrepareAll(&*database_, {{&insert_, insert_sql},
                                          {&delete_old_, kDeleteOldSql},
                                          {&delete_timeless_, kDeleteTimelessSql}});
  if (!status.ok()) return status;
  absl::StatusOr<CursorTable> cursors = CursorTable::Prepare(&*database_);
  if (!cursors.ok()) return cursors.status();
  cursors_ = *std::move(cursors);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<StreamCursor>> SqliteSink::LoadCursors() {
  absl::StatusOr<std::vector<CursorStore::Entry>> entries = cursors_->Load(name_);
  if (!entries.ok()) return entries.status();
  std::vector<StreamCursor> cursors;
  cursors.reserve(entries->size());
  for (CursorStore::Entry& entry : *entries) cursors.push_back(std::move(entry.cursor));
  return cursors;
}

// ---------------------------------------------------------------- Writing

absl::Status SqliteSink::Write(const EventBuffer& events, size_t first) {
  if (first >= events.events.size()) return absl::OkStatus();
  if (absl::Status status = EnsureTransaction(); !status.ok()) return Explain(status);
  received_ = TextOfTime(os_->Now());
  for (size_t i = first; i < events.events.size(); ++i) {
    if (absl::Status status = Insert(events, events.events[i]); !status.ok()) {
      return Explain(status);
    }
  }
  return absl::OkStatus();
}

absl::Status SqliteSink::EnsureTransaction() {
  if (transaction_) return absl::OkStatus();
  absl::StatusOr<Transaction> begun = Transaction::Begin(&*database_);
  if (!begun.ok()) return begun.status();
  transaction_ = *std::move(begun);
  return absl::OkStatus();
}

absl::Status SqliteSink::Insert(const EventBuffer& events, const EventRef& event) {
  const std::string_view document = events.document(event);
  if (!reader_.Read(events, event, &values_)) {
    return refused_.Add(event.id, document, "", "it is not a valid JSON object");
  }
  insert_.BindText(1, View(event.id));
  insert_.BindText(2, received_);
  insert_.BindText(3, document);
  int column = kFirstEventColumn;
  for (const EventValue& value : values_.all()) Bind(column++, value, &insert_);
  absl::Status status = insert_.Run();
  // Only kInvalidArgument is about the row; all other errors are about the database.
  if (!absl::IsInvalidArgument(status)) return status;
  return refused_.Add(event.id, document, "", std::string(status.message()));
}

// ---------------------------------------------------------------- Committing

absl::Status SqliteSink::Commit(std::span<const StreamCursor> cursors) {
  if (absl::Status status = CheckPath(); !status.ok()) return status;
  if (absl::Status status = EnsureTransaction(); !status.ok()) return Explain(status);
  for (const StreamCursor& cursor : cursors) {
    const absl::Status status = cursors_->Store(name_, cursor, os_->Now());
    if (!status.ok()) return Explain(status);
  }
  if (absl::Status status = refused_.Sync(); !status.ok()) return status;
  const absl::Status status = transaction_->Commit();
  transaction_.reset();
  if (!status.ok()) return Explain(status);
  refused_.Forget();
  return absl::OkStatus();
}

// Rows written to a file that was deleted would be lost with the process.
absl::Status SqliteSink::CheckPath() {
  const absl::StatusOr<bool> is_there = IsAt(os_, file_, path_, /*follow_links=*/true);
  if (!is_there.ok()) return ForNow(Because(is_there.status(), "read " + path_));
  if (*is_there) return absl::OkStatus();
  return absl::FailedPreconditionError(
      path_ + " was moved, deleted or replaced while sparktail had it open: restart sparktail");
}

// False is right even if a failed commit succeeded after all: rows are unique.
absl::StatusOr<bool> SqliteSink::Rollback() {
  transaction_.reset();
  if (absl::Status status = refused_.Rollback(); !status.ok()) return status;
  return false;
}

absl::Status SqliteSink::Tidy() {
  absl::Status status = absl::OkStatus();
  if (options_.retention != absl::InfiniteDuration()) {
    const std::string before = TextOfTime(os_->Now() - options_.retention);
    int steps = kStepsPerTidy;
    status = DeleteOld(&delete_old_, before, &steps);
    if (status.ok()) status = DeleteOld(&delete_timeless_, before, &steps);
  }
  if (status.ok()) status = cursors_->ForgetEnded(name_, os_->Now() - kKeepEnded);
  if (!absl::IsUnavailable(status) && !absl::IsResourceExhausted(status)) return Explain(status);
  // Delivery does not depend on it; the next Tidy() retries.
  log_->Warn("tidy " + name_, "sink " + name_ + " could not delete old rows and will retry: " +
                                  std::string(status.message()));
  return absl::OkStatus();
}

absl::Status SqliteSink::DeleteOld(Statement* statement, std::string_view before, int* steps) {
  for (; *steps > 0; --*steps) {
    statement->BindText(1, before);
    statement->BindInt(2, kRowsPerStep);
    if (absl::Status status = statement->Run(); !status.ok()) return status;
    if (database_->changes() < kRowsPerStep) return absl::OkStatus();
  }
  return absl::OkStatus();
}

}  // namespace sparktail
