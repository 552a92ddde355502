#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/civil_time.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/event.h"
#include "sinks/event_fields.h"

namespace sparktail {

// The name of a topic or an index, in which fields of the event stand, and of an index its UTC day
// as well: "spark-{kind}", "spark-{environment}-%Y%m%d". Whoever writes to a log can forge an
// event, so an event never chooses a name freely: the pattern begins with a literal, and what is
// put in is reduced to lower-case letters, digits, _ and -, at most 100 bytes; empty values become
// "none"; a day that is not among the last ten years, or is later than tomorrow, or that is not
// known, is "undated". Of one pattern at most kMostNames names are made in the life of a process:
// after that all values of new ones are "other". One thread.
class NamePattern {
 public:
  static constexpr size_t kMostNames = 1000;
  static constexpr size_t kMostValueBytes = 100;
  static constexpr size_t kMostBytes = 249;  // of a name: what Kafka takes, and OpenSearch too

  enum class Use : uint8_t {
    kTopic,  // letters, digits and . _ -
    kIndex,  // the same in lower case, and %Y %m %d %H; it begins with a letter or digit
  };
  // Fields are {kind}, {environment}, {appName}. kInvalidArgument says what is wrong.
  static absl::StatusOr<NamePattern> Parse(std::string_view text, Use use = Use::kTopic);
  // The same, without a pattern.
  static absl::Status Check(std::string_view text, Use use = Use::kTopic) {
    return Parse(text, use).status();
  }

  // All events have one name.
  bool is_literal() const { return parts_.size() == 1; }
  // What all names match in which * is anything: "spark-*-*".
  std::string Wildcard() const;
  // Of an event of that time (milliseconds since 1970, or kNoTime). Valid until the next call.
  const std::string& NameOf(const EventFields& fields, int64_t time_ms = kNoTime);

 private:
  enum class Field : uint8_t { kNone, kKind, kEnvironment, kAppName, kYear, kMonth, kDay, kHour };
  static constexpr Field kFirstOfDate = Field::kYear;
  struct Part {
    Field field = Field::kNone;
    std::string literal;  // of kNone
  };

  absl::Status Add(std::string_view* rest, Use use);
  void Render(const EventFields* fields, int64_t time_ms);
  void RenderDate(Field field, const absl::CivilHour& hour);

  std::vector<Part> parts_;
  size_t first_date_ = 0;  // of parts_, if end_date_ > 0
  size_t end_date_ = 0;    // behind the last one; 0: there is none
  std::set<std::string, std::less<>> names_;
  std::string name_;
};

}  // namespace sparktail
