#include "parsers/query_runs.h"

#include <algorithm>
#include <utility>

namespace sparktail {

void QueryRuns::Begin() {
  runs_.clear();
  complete_ = true;
}

const QueryRun* QueryRuns::Find(std::string_view run_id) const {
  // Most lines are about the newest run.
  const auto found = std::find_if(runs_.rbegin(), runs_.rend(),
                                  [&](const QueryRun& run) { return run.run_id == run_id; });
  return found == runs_.rend() ? nullptr : &*found;
}

bool QueryRuns::IsKnown(std::string_view run_id) const { return Find(run_id) != nullptr; }

void QueryRuns::Add(std::string_view id, std::string_view run_id, std::string_view name,
                    QueryRun::State state) {
  if (runs_.size() == kMaxRuns) {
    auto oldest = std::find_if(runs_.begin(), runs_.end(), [](const QueryRun& run) {
      return run.state == QueryRun::State::kEnded;
    });
    if (oldest == runs_.end()) {
      oldest = runs_.begin();
      complete_ = false;
    }
    runs_.erase(oldest);
  }
  runs_.push_back({std::string(id), std::string(run_id),
                   std::string(name.size() <= kMaxName ? name : std::string_view()), state});
}

void QueryRuns::MarkAlive(std::string_view id, std::string_view run_id, std::string_view name) {
  if (IsKnown(run_id)) return;
  for (QueryRun& run : runs_) {
    if (run.id == id && run.state == QueryRun::State::kAlive) {
      run.state = QueryRun::State::kSuperseded;
    }
  }
  Add(id, run_id, name, QueryRun::State::kAlive);
}

bool QueryRuns::MarkEnded(std::string_view id, std::string_view run_id) {
  const QueryRun* known = Find(run_id);
  if (known == nullptr) {
    Add(id, run_id, {}, QueryRun::State::kEnded);
    return true;
  }
  QueryRun& run = runs_[static_cast<size_t>(known - runs_.data())];
  run.name.clear();
  return std::exchange(run.state, QueryRun::State::kEnded) != QueryRun::State::kEnded;
}

const QueryRun* QueryRuns::FindOnlyAlive() const {
  if (!complete_) return nullptr;
  const QueryRun* only = nullptr;
  for (const QueryRun& run : runs_) {
    if (run.state != QueryRun::State::kAlive) continue;
    if (only != nullptr) return nullptr;
    only = &run;
  }
  return only;
}

QueryRuns QueryRuns::Restore(std::vector<QueryRun> runs, bool complete) {
  QueryRuns restored;
  restored.runs_ = std::move(runs);
  restored.complete_ = complete;
  return restored;
}

}  // namespace sparktail
