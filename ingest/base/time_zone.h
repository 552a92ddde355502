#pragma once

#include <absl/time/time.h>

#include <optional>
#include <string_view>

namespace sparktail {

// The zone of an IANA name (Europe/Madrid, UTC). Nothing for a name that the machine's database
// does not have, and for a path: the library would open any file.
std::optional<absl::TimeZone> FindTimeZone(std::string_view name);

}  // namespace sparktail
