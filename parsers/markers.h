#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sparktail {

// The messages that sparktail reads. To read another one, add a row to the table in markers.cc and
// a case in event_maker.cc that makes its event.
enum class Marker : uint8_t {
  kProgress,
  kIdle,
  kStarting,
  kResuming,
  kStopped,
  kTerminated,
  kBanner,
  kAppName,
  kAttempt,
  kClusterMode,
  kYarnClient,
  kStandaloneApp,
  kEventLog,
};

// The part of a record that its event needs.
enum class RecordExtent : uint8_t {
  kLine,   // one line
  kJson,   // to the brace that closes the one at the end of the literal
  kTrace,  // to the next header
};

struct MarkerRule {
  Marker marker;
  RecordExtent extent;
  std::string_view literal;  // the text to search for; not part of another rule's literal
  std::string_view anchor;   // three bytes of the literal that are rare in driver logs
  std::string_view lead;     // the start of the message; empty: the literal itself
  bool ends_line = false;    // only white space may follow the literal in its line
};

std::span<const MarkerRule> MarkerRules();

}  // namespace sparktail
