#pragma once

#include <absl/time/time.h>

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "ingest/sources/yarn/driver_api.h"
#include "ingest/sources/yarn/host_queue.h"
#include "ingest/sources/yarn/job_watch.h"
#include "ingest/sources/yarn/yarn_tail.h"

namespace sparktail {

// Asks one driver, through the ResourceManager's proxy, for what it has finished: batches of
// DStreams, and, where no log can be read, jobs with their stages.
//
// One request at a time. Reader thread only; kept as long as it is_asking().
class DriverWatch {
 public:
  DriverWatch(HostQueue* queue, YarnTailMaker* tails, YarnOrigin origin, bool with_jobs);

  // Looks for what is new; `rm`: the active ResourceManager. Not while it is asking. `done`: it has
  // looked, and the driver has answered or not.
  void Look(const std::string& rm, std::function<void(bool)> done);
  // The driver is gone: what was seen of it last is all.
  void End();

  bool is_asking() const { return is_asking_; }
  // It has something to tell: jobs are wanted, or there are DStreams.
  bool is_busy() const { return with_jobs_ || has_batches_; }

 private:
  void Ask(const std::string& what, std::function<void(const HttpResponse&)> take);
  void TakeBatches(const HttpResponse& response);
  void AskJobs();
  void TakeJobs(const HttpResponse& response);
  void AskStages();
  void TakeStage(const HttpResponse& response);
  void HandOn(size_t least);
  void Finish(bool is_well);

  HostQueue* const queue_;
  YarnTailMaker* const tails_;
  const YarnOrigin origin_;
  const bool with_jobs_;
  bool has_batches_ = false;
  bool rebuilds_batches_ = false;  // the version has no /streaming
  JobWatch jobs_;
  BatchWatch batches_;
  std::vector<SparkJob> last_jobs_;
  std::deque<SparkJob> pending_;     // whose stages are to be asked for
  std::vector<std::string> stages_;  // of the first one of them
  size_t stage_ = 0;                 // which of its stages is next
  std::vector<FinishedJob> finished_;
  bool is_asking_ = false;
  std::string rm_;
  std::function<void(bool)> done_;
};

}  // namespace sparktail
