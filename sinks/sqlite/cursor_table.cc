#include "sinks/sqlite/cursor_table.h"

#include <memory>
#include <string>
#include <utility>

#include "sinks/sqlite/history_file.h"

namespace sparktail {

absl::StatusOr<CursorTable> CursorTable::Prepare(Database* database) {
  CursorTable table(database);
  absl::Status status = Statement::PrepareAll(
      database,
      {
          {&table.load_,
           "SELECT stream, offset, position, context, ended, updated FROM cursors WHERE sink = ?1 "
           "ORDER BY stream"},
          {&table.store_,
           "INSERT INTO cursors (sink, stream, offset, position, context, ended, updated) "
           "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (sink, stream) DO UPDATE SET "
           "offset = excluded.offset, position = excluded.position, context = excluded.context, "
           "ended = excluded.ended, updated = excluded.updated"},
          {&table.forget_, "DELETE FROM cursors WHERE sink = ?1 AND (?2 = '' OR stream = ?2)"},
          {&table.forget_ended_, "DELETE FROM cursors WHERE sink = ?1 AND ended AND updated < ?2"},
      });
  if (!status.ok()) return status;
  return table;
}

absl::StatusOr<std::vector<CursorStore::Entry>> CursorTable::Load(std::string_view sink) {
  load_.BindText(1, sink);
  std::vector<CursorStore::Entry> entries;
  absl::StatusOr<bool> row = load_.Step();
  for (; row.ok() && *row; row = load_.Step()) {
    CursorStore::Entry& entry = entries.emplace_back();
    entry.sink = sink;
    entry.cursor.stream = StreamKey(load_.Text(0));
    Cursor& cursor = entry.cursor.cursor;
    cursor.order = static_cast<uint64_t>(load_.Int(1));
    cursor.position = load_.Text(2);
    cursor.context = std::make_shared<const std::string>(load_.Text(3));
    cursor.ended = load_.Int(4) != 0;
    entry.updated = TimeOfText(load_.Text(5)).value_or(absl::UnixEpoch());
  }
  if (!row.ok()) return row.status();
  return entries;
}

absl::Status CursorTable::Store(std::string_view sink, const StreamCursor& cursor, absl::Time now) {
  const std::string updated = TextOfTime(now);
  store_.BindText(1, sink);
  store_.BindText(2, cursor.stream.text());
  store_.BindInt(3, static_cast<int64_t>(cursor.cursor.order));
  store_.BindText(4, cursor.cursor.position);
  store_.BindText(5, *cursor.cursor.context);
  store_.BindInt(6, cursor.cursor.ended ? 1 : 0);
  store_.BindText(7, updated);
  return store_.Run();
}

absl::StatusOr<size_t> CursorTable::Forget(std::string_view sink, std::string_view stream) {
  forget_.BindText(1, sink);
  forget_.BindText(2, stream);
  if (absl::Status status = forget_.Run(); !status.ok()) return status;
  return static_cast<size_t>(database_->changes());
}

absl::Status CursorTable::ForgetEnded(std::string_view sink, absl::Time before) {
  const std::string text = TextOfTime(before);
  forget_ended_.BindText(1, sink);
  forget_ended_.BindText(2, text);
  return forget_ended_.Run();
}

}  // namespace sparktail
