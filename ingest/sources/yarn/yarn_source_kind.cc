#include "ingest/sources/yarn/yarn_source_kind.h"

#include <memory>
#include <utility>

#include "ingest/sources/yarn/check_yarn_source.h"
#include "ingest/sources/yarn/yarn_log_source.h"
#include "ingest/sources/yarn/yarn_position.h"
#include "ingest/sources/yarn/yarn_source_options.h"

namespace sparktail {
namespace {

std::unique_ptr<Source> Make(SourceParts parts) {
  return std::make_unique<YarnLogSource>(std::move(parts));
}

absl::Status Problems(const SourceConfiguration& source) {
  return CheckYarnSourceOptions(source.options.Get<YarnSourceOptions>());
}

}  // namespace

const SourceKind& YarnSourceKind() {
  static const SourceKind kKind = {
      .name = "yarn",
      .sentence =
          "Finds applications in a YARN cluster, and reads their drivers' logs from its "
          "NodeManagers.",
      .defaults = AnyOptions::Of(YarnSourceOptions()),
      .options = Joined(SourceOptionTable(), Within<SourceConfiguration>(
                                                 YarnSourceOptionTable(),
                                                 [](SourceConfiguration* source) {
                                                   return &source->options.Get<YarnSourceOptions>();
                                                 })),
      .make = Make,
      .problems = Problems,
      .check = CheckYarnSource,
      .position_members = {"application", "container"},
      .move = MoveYarnCursor,
  };
  return kKind;
}

}  // namespace sparktail
