#pragma once

#include <absl/status/status.h>

#include <string_view>

#include "ingest/sources/os.h"

namespace sparktail {

// Writes all of `bytes` to the file descriptor. kCancelled if its reader is gone.
absl::Status WriteAll(Os* os, int fd, std::string_view bytes);

}  // namespace sparktail
