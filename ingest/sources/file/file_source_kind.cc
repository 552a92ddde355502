#include "ingest/sources/file/file_source_kind.h"

#include <memory>
#include <utility>

#include "ingest/sources/file/check_file_source.h"
#include "ingest/sources/file/file_log_source.h"
#include "ingest/sources/file/file_source_options.h"

namespace sparktail {
namespace {

std::unique_ptr<Source> Make(SourceParts parts) {
  return std::make_unique<FileLogSource>(std::move(parts));
}

}  // namespace

const SourceKind& FileSourceKind() {
  static const SourceKind kKind = {
      .name = "file",
      .sentence = "Follows log files, through rotation and truncation.",
      .defaults = AnyOptions::Of(FileSourceOptions()),
      .options = Joined(SourceOptionTable(), Within<SourceConfiguration>(
                                                 FileSourceOptionTable(),
                                                 [](SourceConfiguration* source) {
                                                   return &source->options.Get<FileSourceOptions>();
                                                 })),
      .make = Make,
      .check = CheckFileSource,
  };
  return kKind;
}

}  // namespace sparktail
