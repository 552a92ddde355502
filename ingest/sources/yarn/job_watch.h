#pragma once

#include <cstdint>
#include <vector>

#include "ingest/sources/yarn/driver_api.h"

namespace sparktail {

// Where a job stands among those that have ended: by the time of its end, then by its id, so that a
// job that runs long holds no others up. 0 of one that has not ended.
uint64_t JobKey(const SparkJob& job);

// Which jobs of a driver have ended since it was last asked, in the order of their keys, each once.
// A job that ends in the millisecond in which the driver was asked may be seen only the next time:
// so what has ended last is held back until then.
class JobWatch {
 public:
  // All before `begin` are known.
  explicit JobWatch(uint64_t begin) : next_(begin) {}

  // Of all that the driver told; the oldest end first. `last`: it will not be asked again.
  std::vector<SparkJob> Take(const std::vector<SparkJob>& jobs, bool last);

  uint64_t next() const { return next_; }

 private:
  uint64_t next_;
  uint64_t seen_ = 0;  // the key of the last one that had ended when the driver was last asked
};

// Likewise of batches: those that have ended, up to the first one that has not.
class BatchWatch {
 public:
  explicit BatchWatch(uint64_t begin) : next_(begin) {}
  std::vector<SparkBatch> Take(const std::vector<SparkBatch>& batches);

 private:
  uint64_t next_;
};

}  // namespace sparktail
