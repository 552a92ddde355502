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

// A pattern for names of topics or indices. It may contain fields of the event, and for an index
// the event's UTC day or hour: "spark-{kind}", "spark-{environment}-%Y%m%d". Anyone who writes to a
// log can forge an event, so events must not choose names freely:
//   * a pattern begins with a literal;
//   * values are reduced to lower-case letters, digits, _ and -, at most 100 bytes; an empty value
//     becomes "none";
//   * a day older than ten years, later than tomorrow, or not known becomes "undated";
//   * a pattern creates at most kMostNames names in the life of a process; after that, all values
//   in
//     new names are "other".
// Not thread safe.
class NamePattern {
 public:
  static constexpr size_t kMostNames = 1000;
  static constexpr size_t kMostValueBytes = 100;
  static constexpr size_t kMostBytes = 249;  // of a name, for both Kafka and OpenSearch

  enum class Use : uint8_t {
    kTopic,  // letters, digits and . _ -
    kIndex,  // as kTopic, but in lower case and with %Y %m %d %H; begins with a letter or a digit
  };
  // Fields are {kind}, {environment}, {appName}. kInvalidArgument: the message says what is wrong.
  static absl::StatusOr<NamePattern> Parse(std::string_view text, Use use = Use::kTopic);
  // Returns the error of Parse().
  static absl::Status Check(std::string_view text, Use use = Use::kTopic) {
    return Parse(text, use).status();
  }

  // True if all events have the same name.
  bool is_literal() const { return parts_.size() == 1; }
  // Returns an expression with * that matches all names: "spark-*-*".
  std::string Wildcard() const;
  // Returns the name for an event with that time (milliseconds since 1970, or kNoTime). The
  // reference is valid until the next call.
  const std::string& NameOf(const EventFields& fields, int64_t time_ms = kNoTime);

 private:
  enum class Field : uint8_t { kNone, kKind, kEnvironment, kAppName, kYear, kMonth, kDay, kHour };
  static constexpr Field kFirstOfDate = Field::kYear;
  struct Part {
    Field field = Field::kNone;
    std::string literal;  // for kNone
  };

  absl::Status Add(std::string_view* rest, Use use);
  void Render(const EventFields* fields, int64_t time_ms);
  void RenderDate(Field field, const absl::CivilHour& hour);

  std::vector<Part> parts_;
  size_t first_date_ = 0;  // the first part of the date in parts_
  size_t end_date_ = 0;    // one after the last part of the date; 0: there is no date
  std::set<std::string, std::less<>> names_;
  std::string name_;
};

}  // namespace sparktail
