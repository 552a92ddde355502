#include "offsets/database_header.h"

#include "ingest/base/annotated.h"

namespace sparktail {
namespace {

constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr size_t kFormatsAt = 18;  // for writing and for reading: 1 or 2, with WAL
constexpr size_t kUserVersionAt = 60;
constexpr size_t kApplicationIdAt = 68;

int64_t BigEndian(std::string_view header, size_t at) {
  uint32_t value = 0;
  for (size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<unsigned char>(header[i]);
  return static_cast<int32_t>(value);
}

// Reads the file itself: SQLite would create files beside the database.
absl::StatusOr<DatabaseHeader> ReadHeader(const std::string& path, Os* os) {
  const absl::StatusOr<int> fd = os->OpenToFollow(path);
  if (!fd.ok()) return Annotated(fd.status(), "cannot read " + path);
  const absl::StatusOr<std::string> bytes = ReadRange(os, *fd, 0, DatabaseHeader::kBytes);
  os->Close(*fd);
  if (!bytes.ok()) return Annotated(bytes.status(), "cannot read " + path);
  absl::StatusOr<DatabaseHeader> header = DatabaseHeader::Parse(*bytes);
  if (header.ok()) return header;
  return absl::DataLossError(path + " is no SQLite database; name another path");
}

// True if a process has the database open, or did not close it: then the file alone does not tell,
// and SQLite's files are beside it already.
bool IsInUse(const std::string& path, Os* os) {
  return os->StatPath(path + "-wal", /*follow_links=*/true).ok();
}

}  // namespace

absl::StatusOr<DatabaseHeader> DatabaseHeader::Parse(std::string_view bytes) {
  if (bytes.size() < kBytes || !bytes.starts_with(kMagic)) {
    return absl::DataLossError("it is not an SQLite database");
  }
  for (const char format : {bytes[kFormatsAt], bytes[kFormatsAt + 1]}) {
    if (format != 1 && format != 2) return absl::DataLossError("its format is unknown");
  }
  return DatabaseHeader{BigEndian(bytes, kApplicationIdAt), BigEndian(bytes, kUserVersionAt)};
}

absl::StatusOr<DatabaseHeader> DatabaseHeader::Query(Database* database) {
  const absl::StatusOr<int64_t> owner = database->QueryInt("PRAGMA application_id");
  if (!owner.ok()) return owner.status();
  const absl::StatusOr<int64_t> version = database->QueryInt("PRAGMA user_version");
  if (!version.ok()) return version.status();
  return DatabaseHeader{*owner, *version};
}

absl::StatusOr<DatabaseHeader> ReadDatabaseHeader(Os* os, const std::string& path) {
  if (!IsInUse(path, os)) return ReadHeader(path, os);
  absl::StatusOr<Database> database = Database::Open(os, path, {.access = Database::Access::kRead});
  if (!database.ok()) return database.status();
  return DatabaseHeader::Query(&*database);
}

}  // namespace sparktail
