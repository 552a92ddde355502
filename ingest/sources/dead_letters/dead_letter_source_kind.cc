#include "ingest/sources/dead_letters/dead_letter_source_kind.h"

#include "ingest/sources/dead_letters/dead_letter_source.h"
#include "ingest/sources/dead_letters/dead_letter_source_options.h"

namespace sparktail {

const SourceKind& DeadLetterSourceKind() {
  static const SourceKind kKind = {
      .name = "dead_letters",
      .sentence = "Reads events that a sink has rejected from its dead letters.",
      .defaults = AnyOptions::Of(DeadLetterSourceOptions()),
      .options = {},
      .make = MakeSource<DeadLetterSource>,
  };
  return kKind;
}

}  // namespace sparktail
