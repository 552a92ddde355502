#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "offsets/database.h"

namespace sparktail {

// The file <state_dir>/offsets.db: an SQLite database with this application_id, of this
// user_version, and these tables. It is made under another name, and renamed when it is complete:
// so an empty or shortened one was damaged, and never is a beginning.
//
//   sinks     one row a sink that has ever stored something; state: its own, or NULL
//   streams   one row a stream that any sink has a cursor in; seen: when it was last touched
//   cursors   one row a sink and stream: the Cursor, without its context
//   contexts  the context of the cursor of the same id: it is large, and changes rarely
//
// Times are in microseconds since 1970. A checksum covers all that makes a cursor (or a state),
// the names of sink and stream and the context included: a changed byte is noticed.
inline constexpr int64_t kOffsetsApplicationId = 0x53506f66;  // "SPof"
inline constexpr int64_t kOffsetsVersion = 1;

std::string OffsetsPath(const std::string& state_dir);

// For its owner, who holds the StateLock: makes it if missing, checks all of it but the checksums.
// kDataLoss, kFailedPrecondition: it can't be used, and the message says why and what to do.
absl::StatusOr<Database> OpenOffsets(Os* os, Log* log, const std::string& state_dir);

// Beside the owner, which is another process, or without one. Changes nothing that is stored, and
// leaves no file behind. kNotFound if there is none; all other errors as above.
absl::StatusOr<Database> LookAtOffsets(Os* os, const std::string& state_dir);

// Renames it, and what SQLite keeps beside it, to offsets.db.damaged-<UTC time>…; says so. No
// connection may have it open.
absl::Status PutOffsetsAside(Os* os, Log* log, const std::string& state_dir);

// The error of a damaged file: says what is wrong, and what to do.
absl::Status DamagedOffsets(const std::string& path, std::string_view why);
// Makes that one of what SQLite says of a file that is an offsets.db, if it means damage.
absl::Status AdviseOnDamage(const std::string& path, const absl::Status& status);

}  // namespace sparktail
