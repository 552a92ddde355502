#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <variant>

#include "ingest/base/options.h"

namespace sparktail {

// Where a source starts in a stream that is new at the start of the process; streams that appear
// later are read from their beginning. Skipped input is read but not delivered, so that later
// events know their application.
struct StartAt {
  enum class Kind : uint8_t { kBeginning, kEnd, kAge };
  Kind kind = Kind::kBeginning;
  absl::Duration age;  // only for kAge: older events are skipped
};

// Converts between StartAt and the option's value, a word or a duration.
StartAt ToStartAt(absl::Duration age);
absl::Duration ToAge(const StartAt& start);
inline constexpr absl::Duration kStartAtBeginning = absl::InfiniteDuration();
inline constexpr absl::Duration kStartAtEnd = absl::ZeroDuration();

// The option `start_at`, the same for every kind of source.
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
