#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/byte_buffer.h"
#include "parsers/event_id.h"
#include "parsers/progress_numbers.h"

namespace sparktail {

// The kinds after kSignal do not come from logs: cluster managers and drivers report them.
enum class EventKind : uint8_t { kProgress, kQuery, kSignal, kApp, kJob, kBatch };

// The names in documents, in the order of EventKind.
inline constexpr std::array<std::string_view, 6> kEventKindNames = {"progress", "query", "signal",
                                                                    "app",      "job",   "batch"};

// The number of kinds that come from logs. They are the first ones.
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

// One document of an EventBuffer: its place there and its main properties.
struct EventRef {
  EventKind kind = EventKind::kProgress;
  EventId id{};
  size_t begin = 0;
  size_t end = 0;             // just after the document; a newline follows
  int64_t time_ms = kNoTime;  // @timestamp since 1970; kNoTime if there is none
  uint64_t offset = 0;        // of the record's first line in the stream; events may share it
  uint32_t numbers = kNone;   // its place in EventBuffer::numbers; kNone: it has none there

  static constexpr uint32_t kNone = UINT32_MAX;
};

// Events of one stream in order. Their documents are in one contiguous buffer, one per line.
struct EventBuffer {
  ByteBuffer bytes;
  std::vector<EventRef> events;
  std::vector<ProgressNumbers> numbers;  // EventValuesReader reads them

  std::string_view document(const EventRef& event) const {
    return bytes.view().substr(event.begin, event.end - event.begin);
  }
  // The numbers that the parser handed on beside the event; null if it did not.
  const ProgressNumbers* progress_numbers(const EventRef& event) const {
    return event.numbers < numbers.size() ? &numbers[event.numbers] : nullptr;
  }
  void Clear() {
    bytes.Clear();
    events.clear();
    numbers.clear();
  }

  // Drops the events for which `keep(event)` is false, with all that belongs to them.
  template <typename Keep>
  void KeepIf(Keep keep);
};

template <typename Keep>
void EventBuffer::KeepIf(Keep keep) {
  if (std::all_of(events.begin(), events.end(), keep)) return;
  EventBuffer kept;
  for (const EventRef& event : events) {
    if (!keep(event)) continue;
    EventRef moved = event;
    moved.begin = kept.bytes.size();
    kept.bytes.Append(document(event));
    moved.end = kept.bytes.size();
    kept.bytes.Append('\n');
    if (event.numbers < numbers.size()) {
      moved.numbers = static_cast<uint32_t>(kept.numbers.size());
      kept.numbers.push_back(std::move(numbers[event.numbers]));
    }
    kept.events.push_back(moved);
  }
  *this = std::move(kept);
}

// Counts what a parser did with the records of its stream.
struct ParserStats {
  uint64_t bytes = 0;
  uint64_t records = 0;  // only if ParserOptions::count_records
  std::array<uint64_t, kEventKindNames.size()> events{};
  // Skipped:
  uint64_t not_progress = 0;  // Spark's words before valid JSON that is not a progress event
  uint64_t incomplete = 0;    // an event cut by the next header or by the stream's end
  uint64_t malformed = 0;     // an event whose JSON is broken
  uint64_t over_long = 0;     // an event longer than max_event_bytes
  uint64_t long_lines = 0;    // lines longer than max_event_bytes; only if count_records
  // Not skipped:
  uint64_t truncated = 0;  // events whose stack was cut at max_event_bytes
  uint64_t restored = 0;   // progress events out of which foreign text was lifted
  // Lines with text that came after LogParser::Expire() had ended their record.
  uint64_t late_lines = 0;

  uint64_t total() const {
    uint64_t sum = 0;
    for (const uint64_t count : events) sum += count;
    return sum;
  }
  void Add(const ParserStats& other);
};

}  // namespace sparktail
