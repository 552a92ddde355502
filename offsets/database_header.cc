#include "offsets/database_header.h"

#include <string_view>

#include "offsets/database.h"

namespace sparktail {
namespace {

constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr size_t kHeaderBytes = 100;
constexpr size_t kUserVersionAt = 60;
constexpr size_t kApplicationIdAt = 68;

absl::Status CannotRead(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), "cannot read " + path + ": " + std::string(status.message()));
}

// Returns the first bytes of a file; fewer than `size` if it ends before.
absl::StatusOr<std::string> ReadBytes(Os* os, int fd, size_t size) {
  std::string bytes(size, '\0');
  size_t have = 0;
  while (have < size) {
    const absl::StatusOr<size_t> read = os->ReadAt(fd, have, bytes.data() + have, size - have);
    if (!read.ok()) return read.status();
    if (*read == 0) break;
    have += *read;
  }
  bytes.resize(have);
  return bytes;
}

int64_t BigEndian(std::string_view header, size_t at) {
  uint32_t value = 0;
  for (size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<unsigned char>(header[i]);
  return value;
}

// Reads the file itself: SQLite would create files beside the database.
absl::StatusOr<DatabaseHeader> ReadHeader(const std::string& path, Os* os) {
  const absl::StatusOr<int> fd = os->OpenToFollow(path);
  if (!fd.ok()) return CannotRead(path, fd.status());
  const absl::StatusOr<std::string> header = ReadBytes(os, *fd, kHeaderBytes);
  os->Close(*fd);
  if (!header.ok()) return CannotRead(path, header.status());
  if (header->size() < kHeaderBytes || !header->starts_with(kMagic)) {
    return absl::DataLossError(path + " is no SQLite database; name another path");
  }
  return DatabaseHeader{BigEndian(*header, kApplicationIdAt), BigEndian(*header, kUserVersionAt)};
}

// True if a process has the database open, or did not close it: then the file alone does not tell,
// and SQLite's files are beside it already.
bool IsInUse(const std::string& path, Os* os) {
  return os->StatPath(path + "-wal", /*follow_links=*/true).ok();
}

absl::StatusOr<DatabaseHeader> QueryHeader(const std::string& path, Os* os) {
  absl::StatusOr<Database> database = Database::Open(os, path, {.access = Database::Access::kRead});
  if (!database.ok()) return database.status();
  const absl::StatusOr<int64_t> owner = database->QueryInt("PRAGMA application_id");
  if (!owner.ok()) return owner.status();
  const absl::StatusOr<int64_t> version = database->QueryInt("PRAGMA user_version");
  if (!version.ok()) return version.status();
  return DatabaseHeader{*owner, *version};
}

}  // namespace

absl::StatusOr<DatabaseHeader> ReadDatabaseHeader(Os* os, const std::string& path) {
  return IsInUse(path, os) ? QueryHeader(path, os) : ReadHeader(path, os);
}

}  // namespace sparktail
