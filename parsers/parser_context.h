#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "parsers/identity.h"
#include "parsers/query_runs.h"

namespace sparktail {

// What a parser has learnt from the records that it has read, and needs to read the next ones in
// the same way. It is stored with the offset: a parser that goes on from both makes of the same
// records the same documents. Bounded: a few tens of KiB at most.
struct ParserContext {
  Identity identity;
  // An application master has told its attempt, and the banner of its driver is still to come.
  bool awaits_banner = false;
  // Headers begin with their stamp: what stands in front of one is another writer's.
  bool begins_with_stamp = false;
  QueryRuns runs;
  std::string first_line_hash;  // of the stream; empty until its first line is complete

  bool operator==(const ParserContext&) const = default;

  // One JSON object, in valid UTF-8; FromJson reads it back, or fails on anything else.
  std::string ToJson() const;
  static std::optional<ParserContext> FromJson(std::string_view json);
};

}  // namespace sparktail
