#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <string_view>

#include "offsets/database.h"

namespace sparktail {

// Functions for everyone who opens a history file (sinks/sqlite/schema.h).

// Returns true if the database is a history, false if it is empty. kFailedPrecondition: it belongs
// to another program, or to a newer version; the message says what to do.
absl::StatusOr<bool> IsHistory(Database* database, const std::string& path);

// Adds what to do to the error of a damaged file. All other statuses stay unchanged.
absl::Status AdviseOnHistory(const absl::Status& status, const std::string& path);

// Times in the history are text: "2026-11-21T16:08:44.029Z".
std::string TextOfTime(absl::Time time);
std::optional<absl::Time> TimeOfText(std::string_view text);

}  // namespace sparktail
