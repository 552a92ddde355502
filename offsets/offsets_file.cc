#include "offsets/offsets_file.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>
#include <absl/time/time.h>

#include <array>

#include "ingest/base/annotated.h"
#include "offsets/cursor_row.h"
#include "offsets/database_header.h"

namespace sparktail {
namespace {

// A database, and the files that SQLite keeps beside it.
constexpr std::array<const char*, 4> kSuffixes = {"", "-wal", "-shm", "-journal"};

constexpr char kSchema[] = R"(
CREATE TABLE sinks(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, state BLOB, checksum INTEGER) STRICT;
CREATE TABLE streams(
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, seen INTEGER NOT NULL) STRICT;
CREATE TABLE cursors(
  id INTEGER PRIMARY KEY, sink INTEGER NOT NULL, stream INTEGER NOT NULL,
  offset INTEGER NOT NULL, ended INTEGER NOT NULL, updated INTEGER NOT NULL,
  checksum INTEGER NOT NULL, position TEXT NOT NULL, UNIQUE(stream, sink)) STRICT;
CREATE TABLE contexts(id INTEGER PRIMARY KEY, json TEXT NOT NULL) STRICT;
)";

constexpr char kAfterRecovery[] =
    "sinks that keep their own cursors (sqlite, and kafka with exactly_once) resume where they "
    "stopped; all others read the streams again from start_at, but a file sink skips the events "
    "that its files already hold";

// Returns the error with "<path>: <what>: " before its message.
absl::Status Error(const absl::Status& status, const std::string& path, const char* what) {
  return Annotated(status, absl::StrCat(path, ": ", what));
}

absl::Status NotOurs(const std::string& path, int64_t application_id) {
  return absl::FailedPreconditionError(absl::StrCat(
      path, " is a database of another program (application_id ", application_id,
      "): give another state directory (state_dir), or move the file away. `sparktail run "
      "--recover` also moves it aside"));
}

absl::Status TooNew(const std::string& path, int64_t version) {
  return absl::FailedPreconditionError(absl::StrCat(
      path, " was written by a newer sparktail (file version ", version, ", this one reads up to ",
      kOffsetsVersion,
      "): run that one. `sparktail run --recover` moves the file aside and creates an empty one: ",
      kAfterRecovery));
}

absl::Status CheckIds(const std::string& path, const DatabaseHeader& header) {
  if (header.application_id != kOffsetsApplicationId) return NotOurs(path, header.application_id);
  if (header.user_version > kOffsetsVersion) return TooNew(path, header.user_version);
  if (header.user_version < 1) return DamagedOffsets(path, "it has no version");
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadHeader(Os* os, int fd) {
  const absl::StatusOr<Os::FileInfo> info = os->Stat(fd);
  if (!info.ok()) return info.status();
  if (!info->is_regular()) {
    return absl::FailedPreconditionError("it is not a regular file; move it away");
  }
  return ReadRange(os, fd, 0, DatabaseHeader::kBytes);
}

// Runs before SQLite opens the file, because SQLite would already change another program's file.
absl::Status CheckHeader(Os* os, const std::string& path) {
  const absl::StatusOr<int> fd = os->OpenToFollow(path);
  if (!fd.ok()) return Error(fd.status(), path, "cannot open it");
  const absl::StatusOr<std::string> bytes = ReadHeader(os, *fd);
  os->Close(*fd);
  if (!bytes.ok()) return Error(bytes.status(), path, "cannot be read");
  if (bytes->empty()) return DamagedOffsets(path, "it is empty");
  if (bytes->find_first_not_of('\0') == std::string::npos) {
    return DamagedOffsets(path, "it holds only zeros");
  }
  const absl::StatusOr<DatabaseHeader> header = DatabaseHeader::Parse(*bytes);
  if (!header.ok()) return DamagedOffsets(path, std::string(header.status().message()));
  return CheckIds(path, *header);
}

// Checks again after opening: the WAL may hold newer values than the header.
absl::Status CheckIds(Database* database, const std::string& path) {
  const absl::StatusOr<DatabaseHeader> header = DatabaseHeader::Query(database);
  return header.ok() ? CheckIds(path, *header) : header.status();
}

absl::StatusOr<Database> OpenExisting(Os* os, const std::string& path) {
  if (absl::Status status = CheckHeader(os, path); !status.ok()) return status;
  absl::StatusOr<Database> database =
      Database::Open(os, path, {.access = Database::Access::kExisting});
  if (!database.ok()) return AdviseOnDamage(path, database.status());
  absl::Status status = CheckIds(&*database, path);
  if (status.ok()) status = database->CheckIntegrity();
  if (status.ok()) status = CheckRows(&*database, path);
  if (!status.ok()) return AdviseOnDamage(path, status);
  return database;
}

absl::Status CreateSchema(Os* os, const std::string& path) {
  absl::StatusOr<Database> database = Database::Open(os, path, {});
  if (!database.ok()) return database.status();
  absl::StatusOr<Transaction> transaction = Transaction::Begin(&*database);
  if (!transaction.ok()) return transaction.status();
  absl::Status status = database->Execute(kSchema);
  if (status.ok()) {
    const std::string ids = absl::StrCat("PRAGMA application_id=", kOffsetsApplicationId,
                                         ";PRAGMA user_version=", kOffsetsVersion);
    status = database->Execute(ids.c_str());
  }
  if (status.ok()) status = transaction->Commit();
  // Only this one file is renamed, so it must hold everything.
  return status.ok() ? database->Checkpoint() : status;
}

absl::Status RemoveAll(Os* os, const std::string& path) {
  for (const char* suffix : kSuffixes) {
    const absl::Status status = os->Remove(path + suffix);
    if (!status.ok() && !absl::IsNotFound(status)) {
      return Error(status, path + suffix, "cannot delete it");
    }
  }
  return absl::OkStatus();
}

absl::Status Create(Os* os, Log* log, const std::string& state_dir) {
  // SQLite would take the -wal file of a deleted database for a part of the new one.
  if (absl::Status status = PutOffsetsAside(os, log, state_dir); !status.ok()) return status;
  const std::string path = OffsetsPath(state_dir);
  const std::string unfinished = path + ".new";
  if (absl::Status status = RemoveAll(os, unfinished); !status.ok()) return status;
  if (absl::Status status = CreateSchema(os, unfinished); !status.ok()) return status;
  if (absl::Status status = os->Rename(unfinished, path); !status.ok()) {
    return Error(status, path, "cannot create it");
  }
  if (absl::Status status = os->SyncDirectory(state_dir); !status.ok()) {
    return Error(status, state_dir, "cannot sync it");
  }
  log->Info("offsets", absl::StrCat("created an empty ", path));
  return absl::OkStatus();
}

absl::StatusOr<bool> Exists(Os* os, const std::string& path) {
  const absl::StatusOr<Os::FileInfo> info = os->StatPath(path, /*follow_links=*/false);
  if (info.ok()) return true;
  if (absl::IsNotFound(info.status())) return false;
  return Error(info.status(), path, "cannot stat it");
}

// Returns a free name for the database and the files that SQLite keeps beside it.
absl::StatusOr<std::string> NameForDamaged(Os* os, const std::string& path) {
  const std::string name = absl::StrCat(
      path, ".damaged-", absl::FormatTime("%Y%m%dT%H%M%SZ", os->Now(), absl::UTCTimeZone()));
  std::string candidate = name;
  for (int n = 2;; ++n) {
    bool taken = false;
    for (const char* suffix : kSuffixes) {
      const absl::StatusOr<bool> exists = Exists(os, candidate + suffix);
      if (!exists.ok()) return exists.status();
      taken = taken || *exists;
    }
    if (!taken) return candidate;
    candidate = absl::StrCat(name, "-", n);
  }
}

}  // namespace

std::string OffsetsPath(const std::string& state_dir) { return state_dir + "/offsets.db"; }

absl::Status DamagedOffsets(const std::string& path, std::string_view why) {
  const std::string cause(why.substr(0, 500));
  return absl::DataLossError(absl::StrCat(
      path, " is damaged: ", cause,
      ". `sparktail run --recover` moves it aside and creates an empty one: ", kAfterRecovery));
}

// The file is known to be ours, so kInternal (SQLite does not understand it) means damage, too.
absl::Status AdviseOnDamage(const std::string& path, const absl::Status& status) {
  const bool has_advice = status.message().find("--recover") != absl::string_view::npos;
  const bool is_damage = absl::IsDataLoss(status) || absl::IsInternal(status);
  if (!is_damage || has_advice) return status;
  absl::string_view why = status.message();
  absl::ConsumePrefix(&why, path + ": ");
  return DamagedOffsets(path, {why.data(), why.size()});
}

absl::Status PutOffsetsAside(Os* os, Log* log, const std::string& state_dir) {
  const std::string path = OffsetsPath(state_dir);
  std::string to;
  for (const char* suffix : kSuffixes) {
    const std::string file = path + suffix;
    const absl::StatusOr<bool> exists = Exists(os, file);
    if (!exists.ok()) return exists.status();
    if (!*exists) continue;
    if (to.empty()) {
      const absl::StatusOr<std::string> name = NameForDamaged(os, path);
      if (!name.ok()) return name.status();
      to = *name;
    }
    const absl::Status status = os->Rename(file, to + suffix);
    if (!status.ok()) return Error(status, file, "cannot move it aside");
    log->Warn("offsets", absl::StrCat("moved ", file, " aside as ", to, suffix));
  }
  return absl::OkStatus();
}

absl::StatusOr<Database> OpenOffsets(Os* os, Log* log, const std::string& state_dir) {
  const std::string path = OffsetsPath(state_dir);
  const absl::StatusOr<bool> exists = Exists(os, path);
  if (!exists.ok()) return exists.status();
  if (!*exists) {
    if (absl::Status status = Create(os, log, state_dir); !status.ok()) return status;
  }
  return OpenExisting(os, path);
}

absl::StatusOr<Database> OpenOrRecoverOffsets(Os* os, Log* log, const std::string& state_dir,
                                              bool recover) {
  absl::StatusOr<Database> database = OpenOffsets(os, log, state_dir);
  const bool is_unusable =
      absl::IsDataLoss(database.status()) || absl::IsFailedPrecondition(database.status());
  if (!recover || !is_unusable) return database;
  log->Warn("offsets", absl::StrCat("recovering: ", database.status().message()));
  if (absl::Status status = PutOffsetsAside(os, log, state_dir); !status.ok()) return status;
  return OpenOffsets(os, log, state_dir);
}

absl::StatusOr<Database> LookAtOffsets(Os* os, const std::string& state_dir) {
  const std::string path = OffsetsPath(state_dir);
  const absl::StatusOr<bool> exists = Exists(os, path);
  if (!exists.ok()) return exists.status();
  if (!*exists) {
    return absl::NotFoundError(
        absl::StrCat(path, " does not exist: no sparktail has run with this state directory"));
  }
  if (absl::Status status = CheckHeader(os, path); !status.ok()) return status;
  absl::StatusOr<Database> database = Database::Open(os, path, {.access = Database::Access::kLook});
  if (!database.ok()) return AdviseOnDamage(path, database.status());
  const absl::Status status = CheckIds(&*database, path);
  if (!status.ok()) return AdviseOnDamage(path, status);
  return database;
}

}  // namespace sparktail
