#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/base/os.h"

namespace sparktail {

// "/var/lib/x" of "/var/lib/x/events.ndjson", "." of "events.ndjson".
std::string ParentDirectory(const std::string& path);
// "events.ndjson" of the same.
std::string FileName(const std::string& path);

// Opens, for reading and appending, a regular file that a user named as output, and makes it (0640)
// if it is missing. Errors name the path and say what to do.
absl::StatusOr<int> OpenOutputFile(Os* os, const std::string& path);

// The same, and locks it (flock), so that it is this process's alone for as long as it is open:
// kFailedPrecondition if another one has it.
absl::StatusOr<int> OpenAndLockOutputFile(Os* os, const std::string& path);

// Bytes [offset, offset + size) of an open file, or as many of them as there are.
absl::StatusOr<std::string> ReadRange(Os* os, int fd, uint64_t offset, size_t size);

// An error with "cannot <what>: " before its message; ok stays ok.
absl::Status Because(const absl::Status& status, std::string_view what);

// The same as an error that may be over later, since somebody can mend from outside whatever it is
// while sparktail waits.
absl::Status ForNow(const absl::Status& status);

}  // namespace sparktail
