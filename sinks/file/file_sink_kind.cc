#include "sinks/file/file_sink_kind.h"

#include <memory>

#include "sinks/file/check_file_sink.h"
#include "sinks/file/file_sink.h"
#include "sinks/options.h"

namespace sparktail {
namespace {

std::unique_ptr<Sink> Make(const SinkParts& parts) {
  return std::make_unique<FileSink>(parts.os, parts.log, parts.store, parts.configuration->name,
                                    parts.configuration->options.Get<FileSinkOptions>(),
                                    parts.recover);
}

}  // namespace

const SinkKind& FileSinkKind() {
  static const SinkKind kKind = {
      .name = "file",
      .sentence = "Appends events to a file, each once.",
      .defaults = AnyOptions::Of(FileSinkOptions()),
      .options = Joined(Within<SinkConfiguration>(FileSinkOptionTable(),
                                                  [](SinkConfiguration* sink) {
                                                    return &sink->options.Get<FileSinkOptions>();
                                                  }),
                        SinkOptionTable()),
      .make = Make,
      .check = CheckFileSink,
  };
  return kKind;
}

}  // namespace sparktail
