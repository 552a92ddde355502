#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "ingest/base/os.h"

namespace sparktail {

// Opens a regular file that a user configured as output, for reading and appending. Creates it
// (0640) if it is missing. Errors name the path and say what to do.
absl::StatusOr<int> OpenOutputFile(Os* os, const std::string& path);

// Like OpenOutputFile(), but also locks the file (flock) until it is closed. kFailedPrecondition:
// another process, or another sink of this one, holds the lock.
absl::StatusOr<int> OpenAndLockOutputFile(Os* os, const std::string& path);

// Prefixes the message of an error with "cannot <what>: ". OK stays OK.
absl::Status Because(const absl::Status& status, std::string_view what);

// Turns an error into kUnavailable, so that the caller waits and retries: a user can fix the cause
// meanwhile. kResourceExhausted and OK stay unchanged.
absl::Status ForNow(const absl::Status& status);

}  // namespace sparktail
