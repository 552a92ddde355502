#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <string>
#include <vector>

#include "ingest/base/os.h"

namespace sparktail {

// The rotated files of `path` are named "<path>.<UTC yyyymmddThhmmssZ>[.n]", with n = 1, 2 … within
// one second.

// Returns the path for the next rotated file. It sorts after all others, even if the clock went
// back.
absl::StatusOr<std::string> NextRotatedPath(Os* os, const std::string& path, absl::Time now);

// Returns the paths of the rotated files, the oldest first.
absl::StatusOr<std::vector<std::string>> ListRotatedFiles(Os* os, const std::string& path);

}  // namespace sparktail
