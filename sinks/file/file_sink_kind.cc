#include "sinks/file/file_sink_kind.h"

#include <memory>
#include <set>
#include <string>

#include "sinks/file/check_file_sink.h"
#include "sinks/file/file_sink.h"
#include "sinks/file/file_sink_options.h"
#include "sinks/stdout/stdout_sink_kind.h"

namespace sparktail {
namespace {

std::unique_ptr<Sink> Make(const SinkParts& parts) {
  return std::make_unique<FileSink>(parts.os, parts.log, parts.store, parts.configuration->name,
                                    parts.configuration->options.Get<FileSinkOptions>(),
                                    parts.recover);
}

std::string Path(const SinkConfiguration& sink) { return sink.options.Get<FileSinkOptions>().path; }

absl::Status Complete(const std::set<std::string>& given, SinkConfiguration* sink) {
  if (Path(*sink) != "-") return absl::OkStatus();
  std::string wrong;
  for (const char* option : {"rotate_bytes", "rotate_age", "keep_files"}) {
    if (!given.contains(option)) continue;
    wrong.append(wrong.empty() ? "" : "\n").append(option);
    wrong += ": standard output (path: '-') does not rotate";
  }
  sink->kind = &StdoutSinkKind();
  sink->options = sink->kind->defaults;
  return wrong.empty() ? absl::OkStatus() : absl::InvalidArgumentError(wrong);
}

}  // namespace

const SinkKind& FileSinkKind() {
  static const SinkKind kKind = {
      .name = "file",
      .sentence = "Appends events to a file, each once.",
      .defaults = AnyOptions::Of(FileSinkOptions()),
      .options = Joined(OfKind<SinkConfiguration>(FileSinkOptionTable()), SinkOptionTable()),
      .make = Make,
      .complete = Complete,
      .written_path = Path,
      // `run` cuts off what is after the committed length of the file.
      .no_replay = "is a file, which only `sparktail run` may write to",
      .check = CheckFileSink,
  };
  return kKind;
}

}  // namespace sparktail
