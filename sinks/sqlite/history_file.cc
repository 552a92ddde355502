#include "sinks/sqlite/history_file.h"

#include "offsets/database_header.h"
#include "sinks/sqlite/schema.h"

namespace sparktail {

absl::StatusOr<bool> IsHistory(Database* database, const std::string& path) {
  const absl::StatusOr<DatabaseHeader> header = DatabaseHeader::Query(database);
  if (!header.ok()) return header.status();
  const absl::StatusOr<int64_t> tables = database->QueryInt("SELECT count(*) FROM sqlite_master");
  if (!tables.ok()) return tables.status();
  if (header->application_id == 0 && header->user_version == 0 && *tables == 0) return false;
  if (header->application_id != kHistoryApplicationId) {
    return absl::FailedPreconditionError(
        path + " is a database of another program: nothing is written to it; use another path");
  }
  if (header->user_version == kHistoryVersion) return true;
  return absl::FailedPreconditionError(
      path + " was written by a newer version of sparktail (its schema is " +
      std::to_string(header->user_version) + "): use that version, or another path");
}

absl::Status AdviseOnHistory(const absl::Status& status, const std::string& path) {
  if (!absl::IsDataLoss(status)) return status;
  return absl::DataLossError(std::string(status.message()) +
                             ": the history is damaged; move it away with its -wal and -shm files, "
                             "or replace it by a good copy (`sqlite3 " +
                             path + " .recover` prints the rows that can still be read)");
}

std::string TextOfTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

std::optional<absl::Time> TimeOfText(std::string_view text) {
  absl::Time time;
  const absl::string_view view(text.data(), text.size());
  if (!absl::ParseTime("%Y-%m-%dT%H:%M:%E*SZ", view, &time, nullptr)) return std::nullopt;
  return time;
}

}  // namespace sparktail
