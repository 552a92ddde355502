#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/base/os.h"
#include "offsets/database.h"

namespace sparktail {

// The fields of an SQLite database that tell whose it is:
// https://www.sqlite.org/fileformat2.html#the_database_header
struct DatabaseHeader {
  static constexpr size_t kBytes = 100;  // of a file

  int64_t application_id = 0;
  int64_t user_version = 0;

  // Reads the first kBytes of a file. kDataLoss: they are not those of an SQLite database, or of a
  // format that SQLite would open read-only.
  static absl::StatusOr<DatabaseHeader> Parse(std::string_view bytes);
  // Asks an open database, whose -wal file may hold newer values than the header.
  static absl::StatusOr<DatabaseHeader> Query(Database* database);
};

// Reads them without creating a file beside the database. kDataLoss: it is no SQLite database.
absl::StatusOr<DatabaseHeader> ReadDatabaseHeader(Os* os, const std::string& path);

}  // namespace sparktail
