#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sinks/event_fields.h"

namespace sparktail {

// The name of a topic or an index, in which fields of the event stand: "spark-{kind}". Whoever
// writes to a log can forge an event, so an event never chooses a name freely: the pattern begins
// with a literal, and what is put in is reduced to lower-case letters, digits, _ and -, at most 100
// bytes; empty values become "none". Of one pattern at most kMostNames names are made in the life
// of a process: after that all values of new ones are "other". One thread.
class NamePattern {
 public:
  static constexpr size_t kMostNames = 1000;
  static constexpr size_t kMostValueBytes = 100;
  static constexpr size_t kMostBytes = 249;  // of a name: what Kafka takes

  // Fields are {kind}, {environment}, {appName}. kInvalidArgument says what is wrong.
  static absl::StatusOr<NamePattern> Parse(std::string_view text);
  // The same, without a pattern.
  static absl::Status Check(std::string_view text) { return Parse(text).status(); }

  // All events have one name.
  bool is_literal() const { return parts_.size() == 1; }
  // Valid until the next call.
  const std::string& NameOf(const EventFields& fields);

 private:
  enum class Field : uint8_t { kNone, kKind, kEnvironment, kAppName };
  struct Part {
    Field field = Field::kNone;
    std::string literal;  // of kNone
  };

  void Render(const EventFields* fields);

  std::vector<Part> parts_;
  std::set<std::string, std::less<>> names_;
  std::string name_;
};

}  // namespace sparktail
