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
//
// Its JSON outlives the program that wrote it, so it has a version:
//   - a member that is added, or changes its meaning, raises the version;
//   - FromJson reads all versions up to its own: of an older one it does not ask for the members
//     that came later, and leaves those as they are in a new context;
//   - a newer one it refuses: what it can't know of may matter. Whoever goes back to an older
//     program reads such streams without what was learnt (identity, running queries).
//   - members that it does not know are passed over.
struct ParserContext {
  Identity identity;
  // An application master has told its attempt, and the banner of its driver is still to come.
  bool awaits_banner = false;
  // Headers begin with their stamp: what stands in front of one is another writer's.
  bool begins_with_stamp = false;
  QueryRuns runs;
  std::string first_line_hash;  // of the stream; empty until its first line is complete

  bool operator==(const ParserContext&) const = default;

  // The context with which the next file of a rotated log begins: the same driver goes on in a
  // stream of its own, whose first line is still to come.
  ParserContext OfSuccessor() const;

  // One JSON object, in valid UTF-8; FromJson reads it back, or fails on anything else.
  std::string ToJson() const;
  static std::optional<ParserContext> FromJson(std::string_view json);
};

}  // namespace sparktail
