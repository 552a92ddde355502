#include "ingest/cli/output.h"

namespace sparktail {

absl::Status WriteAll(Os* os, int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const absl::StatusOr<size_t> written = os->Write(fd, bytes.data(), bytes.size());
    if (!written.ok()) return written.status();
    if (*written == 0) return absl::UnavailableError("nothing could be written");
    bytes.remove_prefix(*written);
  }
  return absl::OkStatus();
}

}  // namespace sparktail
