#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>

#include "ingest/base/os.h"

// The last line of an open file of documents, which a crash may have left incomplete.
namespace sparktail {

// Cuts off a last line that has no newline and begins like a document. Any other text stays: it may
// be the user's own.
absl::Status CutPartialDocument(Os* os, int fd);

// Adds a missing newline to the last line. Returns the length of the file.
absl::StatusOr<uint64_t> EndLastLine(Os* os, int fd);

}  // namespace sparktail
