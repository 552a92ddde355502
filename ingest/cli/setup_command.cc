#include "ingest/cli/setup_command.h"

#include <unistd.h>

#include <string>

#include "ingest/base/check_report.h"
#include "ingest/cli/error_log.h"

namespace sparktail {

ExitCode RunSetup(const SetupCommand& command, Os* os) {
  CheckReport report;
  ErrorLog log(os);
  for (const SinkConfiguration& sink : command.configuration.sinks) {
    if (sink.kind->setup != nullptr) {
      sink.kind->setup(sink, {os, &log}, &report);
    } else {
      report.Ok("sink " + sink.name, "it needs nothing to be set up");
    }
  }
  const absl::Status written = WriteAll(os, STDOUT_FILENO, report.Text());
  const bool works = report.broken() == 0 && (written.ok() || absl::IsCancelled(written));
  return works ? ExitCode::kOk : ExitCode::kFailed;
}

}  // namespace sparktail
