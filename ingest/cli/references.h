#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "ingest/cli/surroundings.h"

namespace sparktail {

// Returns true if `text` has something for ReplaceReferences() to replace.
bool HasReferences(std::string_view text);

// Returns `text` with ${NAME} replaced by a variable of the environment, ${file:/path} by the
// content of a file (at most 64 KiB, without its last newline), and `$$` by a dollar. A dollar
// before anything else stays. Replaced text is not searched again. The error is a sentence that
// names the missing thing; it never contains replaced text.
absl::StatusOr<std::string> ReplaceReferences(std::string_view text,
                                              const Surroundings& surroundings);

}  // namespace sparktail
