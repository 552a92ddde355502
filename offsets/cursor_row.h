#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "offsets/cursor_store.h"
#include "offsets/database.h"

// The rows of offsets.db (offsets_file.h) as they are read, and the checksums in them. `path` is in
// the messages; kDataLoss: a checksum is wrong, or a part of a cursor is missing.
namespace sparktail {

using ContextHash = std::array<uint64_t, 2>;

// The values that the checksum of a cursor covers, in the order in which they are hashed.
struct CursorRow {
  std::string_view sink;
  std::string_view stream;
  int64_t offset = 0;
  bool ended = false;
  int64_t updated = 0;
  std::string_view position;
  ContextHash context = {};
};

ContextHash HashOf(std::string_view context);
int64_t ChecksumOf(const CursorRow& row);
// The checksum of a sink's own state.
int64_t ChecksumOf(std::string_view sink, std::string_view state);

// Returns the cursors of `sink`, or of all sinks if it is empty.
absl::StatusOr<std::vector<CursorStore::Entry>> ReadCursorRows(Database* database,
                                                               const std::string& path,
                                                               std::string_view sink);
// Returns the sink's own state; empty if it has none.
absl::StatusOr<std::string> ReadSinkState(Database* database, const std::string& path,
                                          std::string_view sink);
// Reads all cursors and states, to check their checksums.
absl::Status CheckRows(Database* database, const std::string& path);

}  // namespace sparktail
