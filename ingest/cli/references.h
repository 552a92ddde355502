#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "ingest/cli/surroundings.h"

namespace sparktail {

// True if ReplaceReferences() has something to do.
bool HasReferences(std::string_view text);

// `text` with ${NAME} replaced by a variable of the environment, and ${file:/path} by what is in
// a file (at most 64 KiB, without its last newline). `$$` is a dollar, and so is one that is
// followed by neither. What is put in is not looked at again.
// The error is a sentence that says what is missing; it does not hold what was put in.
absl::StatusOr<std::string> ReplaceReferences(std::string_view text,
                                              const Surroundings& surroundings);

}  // namespace sparktail
