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

// Reports what one driver has finished: batches of DStreams, and, where no log can be read, jobs
// with their stages. Requests go through the ResourceManager's proxy, one at a time.
//
// Reader thread only. Must not be destroyed while it is_asking().
class DriverWatch {
 public:
  DriverWatch(HostQueue* queue, YarnTailMaker* tails, YarnOrigin origin, bool with_jobs);

  // Looks for newly finished jobs and batches; not while is_asking(). `rm` is the URL of the active
  // ResourceManager. `done` is called at the end; its argument is true if the driver responded
  // properly.
  void Look(const std::string& rm, std::function<void(bool)> done);
  // The driver is gone: emits the finished jobs that it showed last.
  void End();

  bool is_asking() const { return is_asking_; }
  // True if there is something to report: jobs are wanted, or the driver has DStreams.
  bool is_busy() const { return with_jobs_ || has_batches_; }

 private:
  void Request(const std::string& what, std::function<void(const HttpResponse&)> take);
  void OnBatches(const HttpResponse& response);
  void RequestJobs();
  void OnJobs(const HttpResponse& response);
  void RequestStages();
  void OnStage(const HttpResponse& response);
  void EmitFinished(size_t least);
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
  std::deque<SparkJob> pending_;     // their stages are still to be requested
  std::vector<std::string> stages_;  // of the first pending job, so far
  size_t stage_ = 0;                 // index of its next stage
  std::vector<FinishedJob> finished_;
  bool is_asking_ = false;
  std::string rm_;
  std::function<void(bool)> done_;
};

}  // namespace sparktail
