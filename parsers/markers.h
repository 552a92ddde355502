#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sparktail {

// The messages that sparktail reads. To read another one, add a row to the table in markers.cc
// and a case where its record is turned into an event (event_maker.cc).
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

// How far a record reaches that matters to its event.
enum class RecordExtent : uint8_t {
  kLine,   // one line
  kJson,   // to the brace that closes the one at the end of the literal
  kTrace,  // to the next header
};

struct MarkerRule {
  Marker marker;
  RecordExtent extent;
  std::string_view literal;  // what is searched for; none is part of another
  std::string_view anchor;   // three bytes of it that are rare in driver logs
  std::string_view lead;     // what the message begins with; empty: the literal itself
  bool ends_line = false;    // nothing but white space follows the literal in its line
};

std::span<const MarkerRule> MarkerRules();

}  // namespace sparktail
