#include "ingest/sources/dead_letters/dead_letter_source_kind.h"

#include <memory>
#include <utility>

#include "ingest/sources/dead_letters/dead_letter_source.h"
#include "ingest/sources/dead_letters/dead_letter_source_options.h"

namespace sparktail {
namespace {

std::unique_ptr<Source> Make(SourceParts parts) {
  return std::make_unique<DeadLetterSource>(std::move(parts));
}

}  // namespace

const SourceKind& DeadLetterSourceKind() {
  static const SourceKind kKind = {
      .name = "dead_letters",
      .sentence = "Reads events that a sink has rejected from its dead letters.",
      .defaults = AnyOptions::Of(DeadLetterSourceOptions()),
      .options = {},
      .make = Make,
  };
  return kKind;
}

}  // namespace sparktail
