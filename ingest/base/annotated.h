#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>

namespace sparktail {

// Returns an error with "`what`: " before its message; OK stays OK.
inline absl::Status Annotated(const absl::Status& status, std::string_view what) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      std::string(what).append(": ").append(std::string(status.message())));
}

}  // namespace sparktail
