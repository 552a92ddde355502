#include "ingest/cli/error_log.h"

#include <unistd.h>

#include <string>

#include "ingest/base/printable.h"

namespace sparktail {
namespace {

constexpr size_t kMostShown = 4096;

}  // namespace

void ErrorLog::Write(Level level, std::string_view, std::string_view message) {
  if (level < Level::kWarning) return;
  WriteAll(os_, STDERR_FILENO, "sparktail: " + Printable(message, kMostShown) + "\n").IgnoreError();
}

}  // namespace sparktail
