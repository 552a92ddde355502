#include "sinks/stdout/stdout_sink_kind.h"

#include <unistd.h>

#include <memory>
#include <string>

#include "ingest/base/check_report.h"
#include "sinks/stdout/stdout_sink.h"

namespace sparktail {
namespace {

std::unique_ptr<Sink> Make(const SinkParts& parts) {
  return std::make_unique<StdoutSink>(parts.os, parts.store, parts.configuration->name,
                                      STDOUT_FILENO, ::isatty(STDOUT_FILENO) == 1);
}

void Check(const SinkConfiguration& sink, const CheckParts& /*parts*/, CheckReport* report) {
  report->Ok("sink " + sink.name, "standard output; after a crash events may come again");
}

std::string Path(const SinkConfiguration& /*sink*/) { return "-"; }

}  // namespace

const SinkKind& StdoutSinkKind() {
  static const SinkKind kKind = {
      .name = "stdout",
      .sentence = "Writes events to standard output, each at least once.",
      .defaults = AnyOptions::Of(StdoutSinkOptions()),
      .options = SinkOptionTable(),
      .make = Make,
      .written_path = Path,
      .check = Check,
  };
  return kKind;
}

}  // namespace sparktail
