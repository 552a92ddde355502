#pragma once

#include <cstdint>
#include <vector>

#include "ingest/sources/yarn/driver_api.h"

namespace sparktail {

// Orders the jobs that have ended: by the time of their end, then by id, so that a long-running job
// does not hold up others. 0 for a job that has not ended.
uint64_t JobKey(const SparkJob& job);

// Finds the jobs of a driver that have ended since the last look, in the order of their keys, each
// once. A job that ends in the millisecond of a look may show up only in the next one, so the jobs
// that ended last are held back until then.
class JobWatch {
 public:
  // Jobs with keys below `begin` have been reported already.
  explicit JobWatch(uint64_t begin) : next_(begin) {}

  // Takes the newly ended ones of all `jobs` of the driver, earliest end first. `last`: there will
  // be no other look, so nothing is held back.
  std::vector<SparkJob> Take(const std::vector<SparkJob>& jobs, bool last);

  uint64_t next() const { return next_; }

 private:
  uint64_t next_;
  uint64_t seen_ = 0;  // the greatest key at the last look
};

// Finds newly ended batches: those that have ended, up to the first one that has not.
class BatchWatch {
 public:
  explicit BatchWatch(uint64_t begin) : next_(begin) {}
  std::vector<SparkBatch> Take(const std::vector<SparkBatch>& batches);

 private:
  uint64_t next_;
};

}  // namespace sparktail
