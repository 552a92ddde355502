#pragma once

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/base/os.h"
#include "ingest/sources/dead_letters/dead_letter_source_options.h"

namespace sparktail {

// The contents of dead-letter files, found before any event is sent.
struct DeadLetterSurvey {
  struct Sink {
    uint64_t events = 0;  // events that can be sent
    std::string first;    // "file:line" of the first event
  };
  std::vector<DeadLetterSourceOptions::File> files;  // without files that are empty or duplicates
  std::map<std::string, Sink> sinks;                 // by name, as named by the events
  uint64_t unfit = 0;                                // dead letters that cannot be sent unchanged
  std::string hash;  // of the files' contents, independent of paths and order
};

// Reads all files; no line may be longer than `longest_line`. Calls `report` with a message about
// each line or file that will be skipped; it contains the path unescaped.
//
// Errors name the file, the line and a remedy. kInvalidArgument: a line is not a dead letter, or
// names no sink although `need_sinks` is set. Other errors: a file cannot be read.
absl::StatusOr<DeadLetterSurvey> SurveyDeadLetters(
    Os* os, const std::vector<std::string>& paths, size_t longest_line, bool need_sinks,
    absl::FunctionRef<void(std::string_view)> report);

}  // namespace sparktail
