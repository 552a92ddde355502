#include "parsers/query_runs.h"

#include <algorithm>
#include <utility>

namespace sparktail {

void QueryRuns::Begin() {
  runs_.clear();
  complete_ = true;
}

const QueryRun* QueryRuns::Find(std::string_view run_id) const {
  // The newest run is the one most spoken of.
  const auto found = std::find_if(runs_.rbegin(), runs_.rend(),
                                  [&](const QueryRun& run) { return run.run_id == run_id; });
  return found == runs_.rend() ? nullptr : &*found;
}

bool QueryRuns::Knows(std::string_view run_id) const { return Find(run_id) != nullptr; }

void QueryRuns::Add(std::string_view id, std::string_view run_id, std::string_view name,
                    bool alive) {
  if (runs_.size() == kMaxRuns) {
    auto oldest =
        std::find_if(runs_.begin(), runs_.end(), [](const QueryRun& run) { return !run.alive; });
    if (oldest == runs_.end()) {
      oldest = runs_.begin();
      complete_ = false;
    }
    runs_.erase(oldest);
  }
  runs_.push_back({std::string(id), std::string(run_id),
                   std::string(name.size() <= kMaxName ? name : std::string_view()), alive});
}

void QueryRuns::SeeAlive(std::string_view id, std::string_view run_id, std::string_view name) {
  if (!Knows(run_id)) Add(id, run_id, name, /*alive=*/true);
}

bool QueryRuns::End(std::string_view id, std::string_view run_id) {
  const QueryRun* run = Find(run_id);
  if (run == nullptr) {
    Add(id, run_id, {}, /*alive=*/false);
    return true;
  }
  return std::exchange(runs_[static_cast<size_t>(run - runs_.data())].alive, false);
}

const QueryRun* QueryRuns::OnlyAlive() const {
  if (!complete_) return nullptr;
  const QueryRun* only = nullptr;
  for (const QueryRun& run : runs_) {
    if (!run.alive) continue;
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
