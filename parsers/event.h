#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "parsers/byte_buffer.h"
#include "parsers/event_id.h"

namespace sparktail {

// The last three are not of logs: what a cluster manager and drivers tell of applications.
enum class EventKind : uint8_t { kProgress, kQuery, kSignal, kApp, kJob, kBatch };

// Names as they stand in documents, in the order of EventKind.
inline constexpr std::array<std::string_view, 6> kEventKindNames = {"progress", "query", "signal",
                                                                    "app",      "job",   "batch"};

// So many of them, the first ones, are of logs.
inline constexpr size_t kLogEventKinds = 3;

constexpr std::string_view Name(EventKind kind) {
  return kEventKindNames[static_cast<size_t>(kind)];
}

// A set of kinds.
class EventKinds {
 public:
  static constexpr EventKinds All() { return EventKinds((1U << kEventKindNames.size()) - 1); }
  static constexpr EventKinds None() { return EventKinds(0); }
  constexpr bool Has(EventKind kind) const {
    return (bits_ >> static_cast<unsigned>(kind) & 1) != 0;
  }
  constexpr void Add(EventKind kind) { bits_ |= 1U << static_cast<unsigned>(kind); }

 private:
  explicit constexpr EventKinds(uint32_t bits) : bits_(bits) {}
  uint32_t bits_;
};

inline constexpr int64_t kNoTime = INT64_MIN;

// One document of an EventBuffer: where it stands there, and what is known of it.
struct EventRef {
  EventKind kind = EventKind::kProgress;
  EventId id{};
  size_t begin = 0;
  size_t end = 0;             // behind the document; a newline follows
  int64_t time_ms = kNoTime;  // its @timestamp, since 1970; kNoTime: it has none
  uint64_t offset = 0;        // of its record's line in the stream; several may have the same
};

// Events of one stream in order: their documents, a line each, in one contiguous buffer.
struct EventBuffer {
  ByteBuffer bytes;
  std::vector<EventRef> events;

  std::string_view document(const EventRef& event) const {
    return bytes.view().substr(event.begin, event.end - event.begin);
  }
  void Clear() {
    bytes.Clear();
    events.clear();
  }
};

// What became of a stream's records.
struct ParserStats {
  uint64_t bytes = 0;
  uint64_t records = 0;  // only if ParserOptions::count_records
  std::array<uint64_t, kEventKindNames.size()> events{};
  // Skipped:
  uint64_t not_progress = 0;  // valid JSON behind Spark's words, but not a progress event
  uint64_t incomplete = 0;    // an event cut by the next header or by the stream's end
  uint64_t malformed = 0;     // an event whose JSON is broken
  uint64_t over_long = 0;     // an event cut at max_event_bytes
  uint64_t long_lines = 0;    // lines longer than max_event_bytes; only if count_records
  // Not skipped:
  uint64_t truncated = 0;  // events whose stack was cut at max_event_bytes
  uint64_t restored = 0;   // progress events out of which other writers' text was lifted
  // Lines with text that came when their record had been ended by LogParser::Expire().
  uint64_t late_lines = 0;

  uint64_t total() const {
    uint64_t sum = 0;
    for (const uint64_t count : events) sum += count;
    return sum;
  }
  void Add(const ParserStats& other);
};

}  // namespace sparktail
