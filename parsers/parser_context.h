#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "parsers/identity.h"
#include "parsers/query_runs.h"

namespace sparktail {

// The knowledge that a parser has gained from records and needs for later ones. It is stored with
// the offset: a parser that resumes from both makes the same documents from the same records.
// Bounded: a few tens of KiB at most.
//
// Its JSON outlives the program that wrote it, so it has a version:
//   - A member that is added, or changes its meaning, raises the version.
//   - FromJson() reads all versions up to its own. It does not require the members that an older
//     version lacks, and leaves them as in a new context.
//   - FromJson() fails on a newer version, because members unknown to it may matter. After a
//     downgrade of the program, such streams are read without the stored identity and running
//     queries.
//   - FromJson() ignores unknown members.
struct ParserContext {
  Identity identity;
  // An application master has logged its attempt, and the banner of its driver has not come yet.
  bool awaits_banner = false;
  // Headers of this log begin with their stamp, so text before a stamp is another writer's.
  bool begins_with_stamp = false;
  QueryRuns runs;
  std::string first_line_hash;  // of the stream; empty until its first line is complete

  bool operator==(const ParserContext&) const = default;

  // Returns the context for the next file of a rotated log. The driver is the same, but the file is
  // a new stream, so the hash of the first line is empty.
  ParserContext OfSuccessor() const;

  // ToJson() returns one JSON object in valid UTF-8. FromJson() returns nullopt if `json` is not
  // such an object.
  std::string ToJson() const;
  static std::optional<ParserContext> FromJson(std::string_view json);
};

}  // namespace sparktail
