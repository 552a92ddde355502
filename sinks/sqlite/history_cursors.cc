#include "sinks/sqlite/history_cursors.h"

#include <utility>

#include "sinks/output_file.h"
#include "sinks/sqlite/history_file.h"

namespace sparktail {
namespace {

absl::Status NoHistory(const std::string& path, const char* why) {
  return absl::NotFoundError(path + why + ": sparktail has not written a history there");
}

}  // namespace

absl::StatusOr<HistoryCursors> HistoryCursors::Look(Os* os, const std::string& path) {
  return Open(os, path, Database::Access::kLook);
}

absl::StatusOr<HistoryCursors> HistoryCursors::Change(Os* os, const std::string& path) {
  // Opening for writing changes the file; check first that it is not another program's.
  if (const auto look = Look(os, path); !look.ok()) return look.status();
  return Open(os, path, Database::Access::kExisting);
}

absl::StatusOr<HistoryCursors> HistoryCursors::Open(Os* os, const std::string& path,
                                                    Database::Access access) {
  const absl::StatusOr<Os::FileInfo> info = os->StatPath(path, /*follow_links=*/true);
  if (absl::IsNotFound(info.status())) return NoHistory(path, " does not exist");
  if (!info.ok()) return Because(info.status(), "read " + path);
  absl::StatusOr<Database> database = Database::Open(os, path, {.access = access});
  if (!database.ok()) return AdviseOnHistory(database.status(), path);
  HistoryCursors cursors;
  cursors.path_ = path;
  cursors.database_ = std::make_unique<Database>(*std::move(database));
  if (access != Database::Access::kLook) {
    absl::StatusOr<Transaction> transaction = Transaction::Begin(cursors.database_.get());
    if (!transaction.ok()) return AdviseOnHistory(transaction.status(), path);
    cursors.transaction_ = *std::move(transaction);
  }
  if (absl::Status status = cursors.Prepare(); !status.ok()) return cursors.Advise(status);
  return cursors;
}

absl::Status HistoryCursors::Prepare() {
  const absl::StatusOr<bool> is_history = IsHistory(database_.get(), path_);
  if (!is_history.ok()) return is_history.status();
  if (!*is_history) return NoHistory(path_, " is empty");
  absl::StatusOr<CursorTable> table = CursorTable::Prepare(database_.get());
  if (!table.ok()) return table.status();
  table_ = *std::move(table);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<CursorStore::Entry>> HistoryCursors::Load(std::string_view sink) {
  absl::StatusOr<std::vector<CursorStore::Entry>> entries = table_->Load(sink);
  if (!entries.ok()) return Advise(entries.status());
  return entries;
}

absl::Status HistoryCursors::Store(std::string_view sink, const StreamCursor& cursor,
                                   absl::Time now) {
  return Advise(table_->Store(sink, cursor, now));
}

absl::StatusOr<size_t> HistoryCursors::Forget(std::string_view sink, std::string_view stream) {
  absl::StatusOr<size_t> forgotten = table_->Forget(sink, stream);
  if (!forgotten.ok()) return Advise(forgotten.status());
  return forgotten;
}

absl::Status HistoryCursors::Commit() { return Advise(transaction_->Commit()); }

absl::Status HistoryCursors::Advise(const absl::Status& status) const {
  return AdviseOnHistory(status, path_);
}

}  // namespace sparktail
