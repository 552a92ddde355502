#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string>
#include <vector>

#include "ingest/base/os.h"

namespace sparktail {

// The rotated files of `path` are called "<path>.<UTC yyyymmddThhmmssZ>[.n]", n = 1, 2 … within
// one second.

// The name for the next one. It is behind all others, even if the clock went back.
absl::StatusOr<std::string> NextRotatedPath(Os* os, const std::string& path, absl::Time now);

// Their paths, the oldest first.
absl::StatusOr<std::vector<std::string>> ListRotatedFiles(Os* os, const std::string& path);

}  // namespace sparktail
