#include "ingest/cli/check_state_directory.h"

#include "ingest/base/path.h"
#include "offsets/database_header.h"
#include "offsets/offsets_file.h"
#include "sinks/check_output_file.h"

namespace sparktail {
namespace {

std::string Message(const absl::Status& status) { return std::string(status.message()); }

void CheckOffsets(const std::string& subject, const std::string& state_dir, Os* os,
                  CheckReport* report) {
  const std::string path = OffsetsPath(state_dir);
  if (absl::IsNotFound(os->StatPath(path, /*follow_links=*/false).status())) {
    return report->Ok(subject, "there are no cursors yet");
  }
  const absl::StatusOr<DatabaseHeader> header = ReadDatabaseHeader(os, path);
  const bool is_good = header.ok() && header->application_id == kOffsetsApplicationId &&
                       header->user_version == kOffsetsVersion;
  if (is_good) return report->Ok(subject, path + " can be read");
  // LookAtOffsets() knows better what is wrong and what to do.
  const absl::Status status = LookAtOffsets(os, state_dir).status();
  report->Broken(subject, status.ok() ? path + " can't be read" : Message(status));
}

}  // namespace

void CheckStateDirectory(const std::string& path, Os* os, CheckReport* report) {
  const std::string subject = "state_dir";
  std::string existing = path;
  absl::StatusOr<Os::FileInfo> info = os->StatPath(existing, /*follow_links=*/true);
  while (absl::IsNotFound(info.status()) && existing != "/") {
    existing = ParentDirectory(existing);
    info = os->StatPath(existing, /*follow_links=*/true);
  }
  if (!info.ok()) return report->Broken(subject, existing + ": " + Message(info.status()));
  if (!info->is_directory()) return report->Broken(subject, existing + " is no directory");
  if (const absl::Status status = TryToWrite(existing, os); !status.ok()) {
    return report->Broken(
        subject, "cannot write to " + existing + ": " + Message(status) + WriteAdvice(status));
  }
  report->Ok(subject, path + (existing == path ? " can be written to" : " can be made"));
  CheckSpace(subject, existing, report);
  if (existing == path) CheckOffsets(subject, path, os, report);
}

}  // namespace sparktail
