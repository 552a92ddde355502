#include "ingest/sources/yarn/driver_watch.h"

#include <utility>

#include "ingest/sources/yarn/yarn_answer.h"
#include "ingest/sources/yarn/yarn_names.h"

namespace sparktail {
namespace {

constexpr absl::Duration kResponseTime = absl::Seconds(30);
constexpr size_t kMostResponse = size_t{16} << 20;
constexpr size_t kMostFinished = 50;  // emitted together

}  // namespace

DriverWatch::DriverWatch(HostQueue* queue, YarnTailMaker* tails, YarnOrigin origin, bool with_jobs)
    : queue_(queue),
      tails_(tails),
      origin_(std::move(origin)),
      with_jobs_(with_jobs),
      jobs_(with_jobs ? tails->NextJobKey(origin_) : 0),
      batches_(tails->NextBatchKey(origin_)) {}

void DriverWatch::Look(const std::string& rm, std::function<void(bool)> done) {
  rm_ = rm;
  done_ = std::move(done);
  is_asking_ = true;
  if (rebuilds_batches_) return RequestJobs();
  Request("streaming/batches", [this](const HttpResponse& response) { OnBatches(response); });
}

void DriverWatch::Request(const std::string& what, std::function<void(const HttpResponse&)> take) {
  queue_->Start(
      JsonRequest(DriverUrl(rm_, origin_.application, what), kResponseTime, kMostResponse),
      std::move(take));
}

void DriverWatch::OnBatches(const HttpResponse& response) {
  const absl::StatusOr<std::vector<SparkBatch>> batches = ReadJson(response, ParseBatches);
  if (batches.ok()) {
    has_batches_ = true;
    tails_->OnBatches(origin_, batches_.Take(*batches));
  } else if (!absl::IsNotFound(batches.status())) {
    return Finish(false);
  }
  rebuilds_batches_ = !batches.ok() && !SaysNoStreams(response.body);
  if (!with_jobs_ && !rebuilds_batches_) return Finish(true);
  RequestJobs();
}

void DriverWatch::RequestJobs() {
  Request("jobs", [this](const HttpResponse& response) { OnJobs(response); });
}

void DriverWatch::OnJobs(const HttpResponse& response) {
  absl::StatusOr<std::vector<SparkJob>> jobs = ReadJson(response, ParseJobs);
  if (!jobs.ok()) {
    // Not an old driver if it does not list jobs either. It may be a proxy that does not know the
    // application.
    rebuilds_batches_ = false;
    return Finish(false);
  }
  if (rebuilds_batches_) {
    const std::vector<SparkBatch> batches = BatchesOf(*jobs);
    has_batches_ = has_batches_ || !batches.empty();
    tails_->OnBatches(origin_, batches_.Take(batches));
  }
  if (!with_jobs_) return Finish(true);
  for (SparkJob& job : jobs_.Take(*jobs, /*last=*/false)) pending_.push_back(std::move(job));
  last_jobs_ = *std::move(jobs);
  RequestStages();
}

// Requests the stages of the first pending job, one at a time.
void DriverWatch::RequestStages() {
  while (!pending_.empty() && stage_ == pending_.front().stages.size()) {
    finished_.push_back({std::move(pending_.front()), std::exchange(stages_, {})});
    pending_.pop_front();
    stage_ = 0;
    EmitFinished(kMostFinished);
  }
  if (pending_.empty()) {
    EmitFinished(1);
    return Finish(true);
  }
  Request("stages/" + std::to_string(pending_.front().stages[stage_]) + "?details=false",
          [this](const HttpResponse& response) { OnStage(response); });
}

void DriverWatch::OnStage(const HttpResponse& response) {
  absl::StatusOr<std::string> stage = ReadJson(response, ParseStage);
  // A missing stage was skipped because its results existed already, or the driver has dropped it.
  if (!stage.ok() && !absl::IsNotFound(stage.status())) {
    EmitFinished(1);
    return Finish(false);
  }
  if (stage.ok()) stages_.push_back(*std::move(stage));
  ++stage_;
  RequestStages();
}

void DriverWatch::EmitFinished(size_t least) {
  if (finished_.size() < least) return;
  tails_->OnJobs(origin_, finished_);
  finished_.clear();
}

void DriverWatch::Finish(bool is_well) {
  is_asking_ = false;
  const std::function<void(bool)> done = std::exchange(done_, nullptr);
  done(is_well);
}

// Stages that were not requested in time are lost with the driver.
void DriverWatch::End() {
  if (!with_jobs_) return;
  for (SparkJob& job : jobs_.Take(last_jobs_, /*last=*/true)) pending_.push_back(std::move(job));
  for (SparkJob& job : pending_) {
    finished_.push_back({std::move(job), std::exchange(stages_, {})});
  }
  pending_.clear();
  stage_ = 0;
  EmitFinished(1);
}

}  // namespace sparktail
