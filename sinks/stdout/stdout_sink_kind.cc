#include "sinks/stdout/stdout_sink_kind.h"

#include <unistd.h>

#include <memory>

#include "sinks/options.h"
#include "sinks/stdout/stdout_sink.h"

namespace sparktail {
namespace {

std::unique_ptr<Sink> Make(const SinkParts& parts) {
  return std::make_unique<StdoutSink>(parts.os, parts.store, parts.configuration->name,
                                      STDOUT_FILENO, ::isatty(STDOUT_FILENO) == 1);
}

}  // namespace

const SinkKind& StdoutSinkKind() {
  static const SinkKind kKind = {
      .name = "stdout",
      .sentence = "Writes events to standard output, each at least once.",
      .defaults = AnyOptions::Of(StdoutSinkOptions()),
      .options = SinkOptionTable(),
      .make = Make,
  };
  return kKind;
}

}  // namespace sparktail
