#include "ingest/sources/yarn/job_watch.h"

#include <algorithm>

namespace sparktail {
namespace {

constexpr int kIdBits = 20;

}  // namespace

uint64_t JobKey(const SparkJob& job) {
  if (!job.completed) return 0;
  const auto time = static_cast<uint64_t>(std::max<int64_t>(absl::ToUnixMillis(*job.completed), 0));
  const uint64_t id = static_cast<uint64_t>(job.id) & ((uint64_t{1} << kIdBits) - 1);
  return time << kIdBits | id;
}

std::vector<SparkJob> JobWatch::Take(const std::vector<SparkJob>& jobs, bool last) {
  uint64_t latest = 0;
  std::vector<SparkJob> ended;
  for (const SparkJob& job : jobs) {
    const uint64_t key = JobKey(job);
    latest = std::max(latest, key);
    if (key != 0 && key >= next_ && (last || key <= seen_)) ended.push_back(job);
  }
  seen_ = latest;
  std::sort(ended.begin(), ended.end(),
            [](const SparkJob& a, const SparkJob& b) { return JobKey(a) < JobKey(b); });
  if (!ended.empty()) next_ = JobKey(ended.back()) + 1;
  return ended;
}

std::vector<SparkBatch> BatchWatch::Take(const std::vector<SparkBatch>& batches) {
  std::vector<SparkBatch> ended;
  for (const SparkBatch& batch : batches) {
    if (static_cast<uint64_t>(batch.time) < next_) continue;
    if (!batch.has_ended()) break;
    ended.push_back(batch);
  }
  if (!ended.empty()) next_ = static_cast<uint64_t>(ended.back().time) + 1;
  return ended;
}

}  // namespace sparktail
