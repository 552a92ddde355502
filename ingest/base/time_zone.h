#pragma once

#include <absl/time/time.h>

#include <optional>
#include <string_view>

namespace sparktail {

// Returns the zone of an IANA name (Europe/Madrid, UTC), or nullopt if the machine's database does
// not have it. Rejects paths, because the library would open any file.
std::optional<absl::TimeZone> FindTimeZone(std::string_view name);

}  // namespace sparktail
