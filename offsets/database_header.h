#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>

#include "ingest/base/os.h"

namespace sparktail {

// The fields of an SQLite database that tell whose it is:
// https://www.sqlite.org/fileformat2.html#the_database_header
struct DatabaseHeader {
  int64_t application_id = 0;
  int64_t user_version = 0;
};

// Reads them without creating a file beside the database. kDataLoss: it is no SQLite database.
absl::StatusOr<DatabaseHeader> ReadDatabaseHeader(Os* os, const std::string& path);

}  // namespace sparktail
