#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <variant>

#include "ingest/base/options.h"

namespace sparktail {

// Where a source begins in a stream that it sees for the first time, at the start of the process
// (later ones are read from their beginning). What is passed over is read, so that the events
// after it know their application, but not delivered.
struct StartAt {
  enum class Kind : uint8_t { kBeginning, kEnd, kAge };
  Kind kind = Kind::kBeginning;
  absl::Duration age;  // kAge: events older than that are passed over
};

// Words and durations stand for these.
StartAt ToStartAt(absl::Duration age);
absl::Duration ToAge(const StartAt& start);
inline constexpr absl::Duration kStartAtBeginning = absl::InfiniteDuration();
inline constexpr absl::Duration kStartAtEnd = absl::ZeroDuration();

// The option `start_at` of any source.
template <typename S>
Option<S> DeclareStartAt(StartAt S::*member) {
  Option<S> option;
  option.info.name = "start_at";
  option.info.type = OptionType::kDuration;
  option.apply = [member](const OptionData& data, S* options) {
    options->*member = ToStartAt(std::get<absl::Duration>(data));
  };
  option.fetch = [member](const S& options) { return OptionData(ToAge(options.*member)); };
  return std::move(option)
      .Word("beginning", kStartAtBeginning)
      .Word("end", kStartAtEnd)
      .Default("beginning")
      .From(absl::Seconds(1));
}

}  // namespace sparktail
