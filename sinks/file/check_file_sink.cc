#include "sinks/file/check_file_sink.h"

#include <string>

#include "ingest/base/os.h"
#include "ingest/base/path.h"
#include "sinks/check_output_file.h"
#include "sinks/file/file_sink_options.h"

namespace sparktail {

void CheckFileSink(const SinkConfiguration& sink, const CheckParts& parts, CheckReport* report) {
  const auto& options = sink.options.Get<FileSinkOptions>();
  const std::string subject = "sink " + sink.name;
  if (!CheckOutputFile(subject, options.path, parts.os, report)) return;
  const bool rotates = options.rotate_bytes > 0 || options.rotate_age < absl::InfiniteDuration();
  if (rotates) CheckDirectory(subject, "rotate", ParentDirectory(options.path), parts.os, report);
}

}  // namespace sparktail
