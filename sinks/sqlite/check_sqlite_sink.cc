#include "sinks/sqlite/check_sqlite_sink.h"

#include <string>

#include "ingest/base/os.h"
#include "ingest/base/path.h"
#include "offsets/database_header.h"
#include "sinks/check_output_file.h"
#include "sinks/output_file.h"
#include "sinks/sqlite/schema.h"
#include "sinks/sqlite/sqlite_sink_options.h"

namespace sparktail {
namespace {

// Returns why the file is no history that this sparktail can use.
absl::Status TryHistory(const std::string& path, Os* os) {
  const absl::StatusOr<DatabaseHeader> header = ReadDatabaseHeader(os, path);
  if (!header.ok()) return header.status();
  if (header->application_id != kHistoryApplicationId) {
    return absl::FailedPreconditionError(path +
                                         " is a database of another program; name another path");
  }
  if (header->user_version <= kHistoryVersion) return absl::OkStatus();
  return absl::FailedPreconditionError(
      path + " was written by a newer version of sparktail; use that one, or name another path");
}

}  // namespace

void CheckSqliteSink(const SinkConfiguration& sink, const CheckParts& parts, CheckReport* report) {
  const auto& options = sink.options.Get<SqliteSinkOptions>();
  const std::string subject = "sink " + sink.name;
  Os* os = parts.os;
  if (!CheckOutputFile(subject, options.path, os, report)) return;
  const std::string directory = ParentDirectory(options.path);
  // SQLite keeps files beside the database.
  if (!CheckDirectory(subject, "make a file", directory, os, report)) return;
  if (os->IsRemote(directory).value_or(false)) {
    report->Doubt(subject, directory +
                               " is on a network file system, where SQLite's locks can't be "
                               "relied on; name a path on a local disk");
  }
  const absl::StatusOr<Os::FileInfo> info = os->StatPath(options.path, /*follow_links=*/true);
  if (!info.ok() || info->size == 0) return;
  if (const absl::Status status = TryHistory(options.path, os); !status.ok()) {
    return report->Broken(subject, std::string(status.message()));
  }
  report->Ok(subject, options.path + " is a history that can be read");
}

}  // namespace sparktail
