#pragma once

#include <absl/status/status.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/base/any_options.h"
#include "ingest/base/options.h"
#include "offsets/cursor.h"

namespace sparktail {

class CheckReport;
class Os;
class Source;
struct CheckParts;
struct SourceKind;
struct SourceParts;

// One source of a configuration.
struct SourceConfiguration {
  std::string name;                // first part of the names of its streams; unique
  std::string environment;         // of the documents
  std::string timezone = "UTC";    // of header stamps without a zone
  std::vector<std::string> sinks;  // names; empty: all
  const SourceKind* kind = nullptr;
  AnyOptions options;  // the kind's own options
};

// The options that all kinds of sources have.
OptionTable<SourceConfiguration> SourceOptionTable();

// The options of a kind whose own ones are `own`.
template <typename Options>
OptionTable<SourceConfiguration> WithOwnOptions(OptionTable<Options> own) {
  return Joined(SourceOptionTable(),
                Within<SourceConfiguration>(std::move(own), [](SourceConfiguration* source) {
                  return &source->options.Get<Options>();
                }));
}

// A stored position as users see it.
struct PositionSummary {
  std::optional<uint64_t> lag_bytes;  // in the file after the position; nothing if unknown
  std::optional<uint64_t> seek;       // the offset that `sparktail offsets set` asked for
  std::string path;                   // of a file; may be empty
};

// One kind of source: its row in the table of kinds (ingest/cli/kinds.cc), through which the
// program does everything with a kind.
struct SourceKind {
  std::string name;                          // value of `kind`
  std::string sentence;                      // what such a source does, for users
  AnyOptions defaults;                       // of the kind's own options
  OptionTable<SourceConfiguration> options;  // all options except `kind`
  std::unique_ptr<Source> (*make)(SourceParts parts) = nullptr;
  // Returns what is wrong in the options of a source, beyond what each of them allows by itself: a
  // line for each, which begins with the option ("paths: …"). Null if nothing can be.
  absl::Status (*problems)(const SourceConfiguration& source) = nullptr;
  // Returns the items of the option `paths` that match the file at `path`: a source must not read
  // what this process writes. Null if such a source reads no files.
  std::vector<std::string> (*reading)(const SourceConfiguration& source,
                                      const std::string& path) = nullptr;
  // True if the source finds out by itself that the drivers have exited (`--until-exit`).
  bool notices_exit = false;
  // Reports what works in a source and what does not, without changing anything. Null if there is
  // nothing to try.
  void (*check)(const SourceConfiguration& source, const CheckParts& parts,
                CheckReport* report) = nullptr;
  // Members by which its positions are recognised that do not name their kind, as older versions
  // wrote them.
  std::vector<std::string> position_members = {};
  // Changes the position of a cursor so that the stream is read again from `offset` of its content;
  // the caller changes the rest of the cursor. kFailedPrecondition or kOutOfRange if that can't be:
  // the message is a sentence after the name of the stream ("has no byte 5, only 3"), and says what
  // to do instead. Null if no stream of such a source can be moved.
  absl::Status (*move)(uint64_t offset, Os* os, Cursor* cursor) = nullptr;
  // Summarizes a position of this kind for `sparktail offsets list`. Null if there is nothing to
  // say.
  PositionSummary (*summarize)(std::string_view position, Os* os) = nullptr;
  // For sources that share their streams among several processes: returns the name under which a
  // store that these processes share keeps their cursors (CursorRecord). Null for other sources.
  std::string (*cursor_owner)(const SourceConfiguration& source) = nullptr;
};

// Returns the kind whose sources wrote the position of a cursor; null if none of `kinds` did.
const SourceKind* KindOfPosition(std::string_view position,
                                 std::span<const SourceKind* const> kinds);

}  // namespace sparktail
