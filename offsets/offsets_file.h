#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "offsets/database.h"

namespace sparktail {

// The file <state_dir>/offsets.db: an SQLite database with the application_id and user_version
// below, and these tables. It is created under another name and renamed when it is complete, so an
// empty or shortened file is always a damaged one.
//
//   sinks     one row per sink that has ever stored something; state: the sink's own, or NULL
//   streams   one row per stream that any sink has a cursor in; seen: when it was last touched
//   cursors   one row per sink and stream: the Cursor without its context
//   contexts  the context of the cursor with the same id: it is large, and changes rarely
//
// Times are in microseconds since 1970. A checksum covers every part of a cursor (or of a state),
// including the names of sink and stream and the context, so a changed byte is noticed.
inline constexpr int64_t kOffsetsApplicationId = 0x53506f66;  // "SPof"
inline constexpr int64_t kOffsetsVersion = 1;

std::string OffsetsPath(const std::string& state_dir);

// Opens the file for its owner, who holds the StateLock. Creates a missing file, and checks all of
// it. kDataLoss or kFailedPrecondition if the file is unusable; the message says why and what to
// do.
absl::StatusOr<Database> OpenOffsets(Os* os, Log* log, const std::string& state_dir);
// With `recover`, an unusable file is put aside, and an empty one is created.
absl::StatusOr<Database> OpenOrRecoverOffsets(Os* os, Log* log, const std::string& state_dir,
                                              bool recover);

// Opens the file for reading, beside an owner in another process or without one. Changes nothing
// that is stored, and leaves no file behind. kNotFound if the file is missing; all other errors
// are those of OpenOffsets().
absl::StatusOr<Database> LookAtOffsets(Os* os, const std::string& state_dir);

// Renames the file, and the files that SQLite keeps beside it, to offsets.db.damaged-<UTC time>…,
// and logs each one. No connection may have it open.
absl::Status PutOffsetsAside(Os* os, Log* log, const std::string& state_dir);

// Returns the error of a damaged file: what is wrong, and what to do.
absl::Status DamagedOffsets(const std::string& path, std::string_view why);
// Returns DamagedOffsets() if `status`, which SQLite returned for an offsets.db, means damage;
// otherwise `status`.
absl::Status AdviseOnDamage(const std::string& path, const absl::Status& status);

}  // namespace sparktail
