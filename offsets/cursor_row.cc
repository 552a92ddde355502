#include "offsets/cursor_row.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "offsets/offsets_file.h"

namespace sparktail {
namespace {

constexpr std::string_view kSelectCursors = R"(
SELECT k.name, s.key, c.offset, c.ended, c.position, x.json, c.checksum, c.updated, s.seen
FROM cursors c LEFT JOIN sinks k ON k.id = c.sink LEFT JOIN streams s ON s.id = c.stream
LEFT JOIN contexts x ON x.id = c.id
WHERE ?1 = '' OR k.name = ?1
ORDER BY k.name, s.key)";

uint64_t Chain(std::string_view bytes, uint64_t before) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), before);
}

absl::StatusOr<CursorStore::Entry> ReadCursor(const Statement& row, const std::string& path) {
  if (row.IsNull(0) || row.IsNull(1) || row.IsNull(5)) {
    return DamagedOffsets(path, "a cursor's sink, stream or context is missing");
  }
  CursorRow stored;
  stored.sink = row.Text(0);
  stored.stream = row.Text(1);
  stored.offset = row.Int(2);
  stored.ended = row.Int(3) != 0;
  stored.position = row.Text(4);
  stored.updated = row.Int(7);
  const std::string_view context = row.Text(5);
  stored.context = HashOf(context);
  if (ChecksumOf(stored) != row.Int(6))
    return DamagedOffsets(path, "the checksum of a cursor is wrong");
  CursorStore::Entry entry;
  entry.sink = stored.sink;
  entry.cursor.stream = StreamKey(stored.stream);
  entry.cursor.cursor.order = static_cast<uint64_t>(stored.offset);
  entry.cursor.cursor.position = stored.position;
  entry.cursor.cursor.context = std::make_shared<const std::string>(context);
  entry.cursor.cursor.ended = stored.ended;
  entry.updated = absl::FromUnixMicros(std::max(stored.updated, row.Int(8)));
  return entry;
}

// Reads the columns state and checksum of a row of `sinks`.
absl::StatusOr<std::string> ReadState(std::string_view sink, const Statement& row,
                                      const std::string& path) {
  if (row.IsNull(0) && row.IsNull(1)) return std::string();
  std::string state(row.Blob(0));
  if (ChecksumOf(sink, state) == row.Int(1)) return state;
  return DamagedOffsets(path, "the checksum of a sink's state is wrong");
}

}  // namespace

ContextHash HashOf(std::string_view context) {
  const XXH128_hash_t hash = XXH3_128bits(context.data(), context.size());
  return {hash.low64, hash.high64};
}

int64_t ChecksumOf(const CursorRow& row) {
  const std::array<uint64_t, 5> numbers = {
      static_cast<uint64_t>(row.offset), static_cast<uint64_t>(row.ended),
      static_cast<uint64_t>(row.updated), row.context[0], row.context[1]};
  uint64_t sum = XXH3_64bits(numbers.data(), sizeof(numbers));
  sum = Chain(row.sink, sum);
  sum = Chain(row.stream, sum);
  return static_cast<int64_t>(Chain(row.position, sum));
}

int64_t ChecksumOf(std::string_view sink, std::string_view state) {
  return static_cast<int64_t>(Chain(state, Chain(sink, 0)));
}

absl::StatusOr<std::vector<CursorStore::Entry>> ReadCursorRows(Database* database,
                                                               const std::string& path,
                                                               std::string_view sink) {
  absl::StatusOr<Statement> rows = Statement::Prepare(database, kSelectCursors);
  if (!rows.ok()) return AdviseOnDamage(path, rows.status());
  rows->BindText(1, sink);
  std::vector<CursorStore::Entry> entries;
  absl::StatusOr<bool> row = rows->Step();
  for (; row.ok() && *row; row = rows->Step()) {
    absl::StatusOr<CursorStore::Entry> entry = ReadCursor(*rows, path);
    if (!entry.ok()) return entry.status();
    entries.push_back(*std::move(entry));
  }
  if (!row.ok()) return AdviseOnDamage(path, row.status());
  return entries;
}

absl::StatusOr<std::string> ReadSinkState(Database* database, const std::string& path,
                                          std::string_view sink) {
  absl::StatusOr<Statement> find =
      Statement::Prepare(database, "SELECT state, checksum FROM sinks WHERE name = ?1");
  if (!find.ok()) return find.status();
  find->BindText(1, sink);
  const absl::StatusOr<bool> row = find->Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::string();
  return ReadState(sink, *find, path);
}

absl::Status CheckRows(Database* database, const std::string& path) {
  const auto cursors = ReadCursorRows(database, path, "");
  if (!cursors.ok()) return cursors.status();
  absl::StatusOr<Statement> sinks =
      Statement::Prepare(database, "SELECT state, checksum, name FROM sinks");
  if (!sinks.ok()) return sinks.status();
  absl::StatusOr<bool> row = sinks->Step();
  for (; row.ok() && *row; row = sinks->Step()) {
    const absl::StatusOr<std::string> state = ReadState(sinks->Text(2), *sinks, path);
    if (!state.ok()) return state.status();
  }
  return row.status();
}

}  // namespace sparktail
