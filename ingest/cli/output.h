#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>

#include "ingest/sources/os.h"

namespace sparktail {

// The same JSON with control characters that JSON allows in strings (DEL, and C1 in UTF-8) escaped:
// documents that go to a terminal must not command it.
std::string EscapeControls(std::string_view json);

// Writes all of `bytes` to the file descriptor. kCancelled if its reader is gone.
absl::Status WriteAll(Os* os, int fd, std::string_view bytes);

}  // namespace sparktail
