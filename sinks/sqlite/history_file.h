#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <string_view>

#include "offsets/database.h"

namespace sparktail {

// Of the file of a history (sinks/sqlite/schema.h), whoever opens it.

// True if the database is a history, false if it is empty. kFailedPrecondition: it is another
// program's, or a newer version's; the message says what to do.
absl::StatusOr<bool> IsHistory(Database* database, const std::string& path);

// Makes the error of a damaged file say what to do; leaves all others as they are.
absl::Status AdviseOnHistory(const absl::Status& status, const std::string& path);

// Times as they stand in it: "2026-11-21T16:08:44.029Z".
std::string TextOfTime(absl::Time time);
std::optional<absl::Time> TimeOfText(std::string_view text);

}  // namespace sparktail
