#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sparktail {

// One run of a streaming query: from its start to its stop.
struct QueryRun {
  std::string id;
  std::string run_id;
  std::string name;  // empty: unnamed, or longer than is kept
  // Superseded: another run of the same query has started, so this one has ended, but the log has
  // not said so yet.
  enum class State : uint8_t { kAlive, kSuperseded, kEnded };
  State state = State::kAlive;

  bool operator==(const QueryRun&) const = default;
};

// The runs that an application's log has told of. Two questions need them: to which query does
// a line without ids belong (only if one query is alive can that be known), and is a line
// "was stopped" news or about a run that had ended before.
//
// Bounded: of more runs than kMaxRuns the oldest ended ones are forgotten first.
class QueryRuns {
 public:
  static constexpr size_t kMaxRuns = 128;
  static constexpr size_t kMaxName = 256;

  // A new driver begins: nothing runs, and whatever starts from now on will be seen.
  void Begin();

  // A run starts, or gives a sign of life. One that is known to have ended stays so.
  void SeeAlive(std::string_view id, std::string_view run_id, std::string_view name);

  // A query may have started of which only that is known.
  void MissStart() { complete_ = false; }

  bool Knows(std::string_view run_id) const;

  // The run has ended. False if that was known already.
  bool End(std::string_view id, std::string_view run_id);

  // The one query that is alive, if it is certain that there is no other; else nullptr.
  // Valid until the next call that is not const.
  const QueryRun* OnlyAlive() const;

  // For storing.
  const std::vector<QueryRun>& runs() const { return runs_; }
  bool complete() const { return complete_; }
  static QueryRuns Restore(std::vector<QueryRun> runs, bool complete);

  bool operator==(const QueryRuns&) const = default;

 private:
  const QueryRun* Find(std::string_view run_id) const;
  void Add(std::string_view id, std::string_view run_id, std::string_view name,
           QueryRun::State state);

  std::vector<QueryRun> runs_;  // oldest first
  bool complete_ = false;       // all runs of this driver are in runs_
};

}  // namespace sparktail
