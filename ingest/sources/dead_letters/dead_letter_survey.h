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

// What is in files of dead letters, before anything of it is sent.
struct DeadLetterSurvey {
  struct Sink {
    uint64_t events = 0;  // that can be sent
    std::string first;    // "file:line" of the first one
  };
  std::vector<DeadLetterSourceOptions::File> files;  // without those that hold nothing, or the same
  std::map<std::string, Sink> sinks;                 // that the events name
  uint64_t unfit = 0;                                // dead letters that can't be sent as they are
  std::string hash;                                  // of all files, whatever their paths and order
};

// Reads all of them; no line may be longer than `longest_line`. `tell` is called with a message
// about each line that will be skipped; bytes in it may be the path's, as they are.
//
// Errors say file, line and what to do: kInvalidArgument if a line is no dead letter, or names no
// sink although `need_sinks`; all others if a file can't be read.
absl::StatusOr<DeadLetterSurvey> SurveyDeadLetters(Os* os, const std::vector<std::string>& paths,
                                                   size_t longest_line, bool need_sinks,
                                                   absl::FunctionRef<void(std::string_view)> tell);

}  // namespace sparktail
