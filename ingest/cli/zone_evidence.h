#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace sparktail {

// What progress events prove of the zone of header stamps. Spark writes an event when its trigger
// has ended; the event tells when that was, in UTC: `timestamp` and the trigger's duration. The
// stamp in front of it tells the same time in the driver's zone.
class ZoneEvidence {
 public:
  // `zone`: the one that was configured for stamps that name none.
  explicit ZoneEvidence(absl::TimeZone zone) : zone_(zone) {}

  // Looks at a piece of a log that begins with a line. Events that are not whole do not count.
  void Look(std::string_view text);

  size_t events() const { return events_; }            // whose stamps name no zone
  size_t disagreeing() const { return disagreeing_; }  // … and are in another zone
  // Of the latest of those: its own time, and how far its stamp is ahead of UTC, to a quarter of
  // an hour.
  absl::Time disagreeing_time() const { return disagreeing_time_; }
  absl::Duration disagreeing_offset() const { return disagreeing_offset_; }
  // When the latest of all events ended.
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
