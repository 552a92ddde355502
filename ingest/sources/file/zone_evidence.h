#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace sparktail {

// Evidence from progress events about the time zone of header stamps. Spark writes an event when
// its trigger has ended. The event has that time in UTC: `timestamp` plus the trigger's duration.
// The stamp before it is the same time in the driver's zone.
class ZoneEvidence {
 public:
  // `zone`: the configured zone of stamps without one.
  explicit ZoneEvidence(absl::TimeZone zone) : zone_(zone) {}

  // Searches a piece of a log, which begins at the start of a line. Incomplete events do not count.
  void Look(std::string_view text);

  size_t events() const { return events_; }  // events whose stamps have no zone
  size_t disagreeing() const {
    return disagreeing_;
  }  // those of them in another zone than configured
  // The latest disagreeing event: its own time, and how far its stamp is ahead of UTC, rounded to a
  // quarter of an hour.
  absl::Time disagreeing_time() const { return disagreeing_time_; }
  absl::Duration disagreeing_offset() const { return disagreeing_offset_; }
  // The end of the latest event.
  absl::Time latest() const { return latest_; }

 private:
  void LookAt(std::string_view line, std::string_view json);

  absl::TimeZone zone_;
  size_t events_ = 0;
  size_t disagreeing_ = 0;
  absl::Time disagreeing_time_ = absl::InfinitePast();
  absl::Duration disagreeing_offset_;
  absl::Time latest_ = absl::InfinitePast();
};

// "+05:30"
std::string FormatOffset(absl::Duration offset);

}  // namespace sparktail
