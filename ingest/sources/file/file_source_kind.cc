#include "ingest/sources/file/file_source_kind.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "ingest/sources/file/check_file_source.h"
#include "ingest/sources/file/file_log_source.h"
#include "ingest/sources/file/file_source_options.h"
#include "ingest/sources/file/glob.h"
#include "ingest/sources/file/stored_cursor.h"

namespace sparktail {
namespace {

std::vector<std::string> Reading(const SourceConfiguration& source, const std::string& path) {
  const auto& options = source.options.Get<FileSourceOptions>();
  const auto matches = [&](const std::string& glob) { return Glob(glob).Matches(path); };
  std::vector<std::string> reading;
  if (std::any_of(options.exclude.begin(), options.exclude.end(), matches)) return reading;
  std::copy_if(options.paths.begin(), options.paths.end(), std::back_inserter(reading), matches);
  return reading;
}

}  // namespace

const SourceKind& FileSourceKind() {
  static const SourceKind kKind = {
      .name = "file",
      .sentence = "Follows log files, through rotation and truncation.",
      .defaults = AnyOptions::Of(FileSourceOptions()),
      .options = WithOwnOptions(FileSourceOptionTable()),
      .make = MakeSource<FileLogSource>,
      .reading = Reading,
      .notices_exit = true,
      .check = CheckFileSource,
      .position_members = {"raw", "inode"},
      .move = MoveFileCursor,
      .summarize = SummarizeFilePosition,
  };
  return kKind;
}

}  // namespace sparktail
