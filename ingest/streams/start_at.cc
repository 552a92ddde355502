#include "ingest/streams/start_at.h"

namespace sparktail {

StartAt ToStartAt(absl::Duration age) {
  if (age == kStartAtBeginning) return {StartAt::Kind::kBeginning, absl::ZeroDuration()};
  if (age == kStartAtEnd) return {StartAt::Kind::kEnd, absl::ZeroDuration()};
  return {StartAt::Kind::kAge, age};
}

absl::Duration ToAge(const StartAt& start) {
  if (start.kind == StartAt::Kind::kBeginning) return kStartAtBeginning;
  return start.kind == StartAt::Kind::kEnd ? kStartAtEnd : start.age;
}

}  // namespace sparktail
