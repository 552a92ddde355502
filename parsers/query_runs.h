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
  std::string name;  // empty: unnamed, or longer than kMaxName
  // kSuperseded: another run of the same query has started, so this one must have ended, but the
  // log has not said so yet.
  enum class State : uint8_t { kAlive, kSuperseded, kEnded };
  State state = State::kAlive;

  bool operator==(const QueryRun&) const = default;
};

// The runs that an application's log has named. They answer two questions: which query does a line
// without ids belong to (known only if exactly one query is alive), and does a line "was stopped"
// report a new end, or the end of a run that had already ended.
//
// Bounded: when there are more than kMaxRuns runs, the oldest ended ones are forgotten first.
class QueryRuns {
 public:
  static constexpr size_t kMaxRuns = 128;
  static constexpr size_t kMaxName = 256;

  // Begins a new driver: no query runs, and every start from now on will be seen.
  void Begin();

  // Notes that a run has started or is alive. A run that is known to have ended stays ended.
  void MarkAlive(std::string_view id, std::string_view run_id, std::string_view name);

  // Notes that an unknown query may have started.
  void MarkMissedStart() { complete_ = false; }

  bool IsKnown(std::string_view run_id) const;

  // Notes that a run has ended. Returns false if that was already known.
  bool MarkEnded(std::string_view id, std::string_view run_id);

  // Returns the only query that is alive, or nullptr if another one may be alive, too. Valid until
  // the next call that is not const.
  const QueryRun* FindOnlyAlive() const;

  // These serve to store and restore the runs.
  const std::vector<QueryRun>& runs() const { return runs_; }
  bool complete() const { return complete_; }
  static QueryRuns Restore(std::vector<QueryRun> runs, bool complete);

  bool operator==(const QueryRuns&) const = default;

 private:
  const QueryRun* Find(std::string_view run_id) const;
  void Add(std::string_view id, std::string_view run_id, std::string_view name,
           QueryRun::State state);

  std::vector<QueryRun> runs_;  // oldest first
  bool complete_ = false;       // runs_ has all runs of this driver that may be alive
};

}  // namespace sparktail
