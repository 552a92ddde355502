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
  HttpRequest request;
  request.url = DriverUrl(rm_, origin_.application, what);
  request.timeout = kResponseTime;
  request.most_bytes = kMostResponse;
  request.headers = {"Accept: application/json"};
  queue_->Start(std::move(request), std::move(take));
}

void DriverWatch::OnBatches(const HttpResponse& response) {
  const YarnAnswer answer = Classify(response, YarnAnswer::Body::kJson);
  if (answer.kind == YarnAnswer::Kind::kGood) {
    const absl::StatusOr<std::vector<SparkBatch>> batches = ParseBatches(response.body);
    if (!batches.ok()) return Finish(false);
    has_batches_ = true;
    tails_->OnBatches(origin_, batches_.Take(*batches));
  } else if (answer.kind != YarnAnswer::Kind::kMissing) {
    return Finish(false);
  }
  // Since Spark 2.2 a driver without DStreams responds so. Earlier versions do not have the
  // endpoint.
  const bool is_old = answer.kind == YarnAnswer::Kind::kMissing &&
                      response.body.find("no streaming listener") == std::string::npos;
  rebuilds_batches_ = is_old;
  if (!with_jobs_ && !is_old) return Finish(true);
  RequestJobs();
}

void DriverWatch::RequestJobs() {
  Request("jobs", [this](const HttpResponse& response) { OnJobs(response); });
}

void DriverWatch::OnJobs(const HttpResponse& response) {
  const YarnAnswer answer = Classify(response, YarnAnswer::Body::kJson);
  absl::StatusOr<std::vector<SparkJob>> jobs = absl::UnavailableError(answer.why);
  if (answer.kind == YarnAnswer::Kind::kGood) jobs = ParseJobs(response.body);
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
  const YarnAnswer answer = Classify(response, YarnAnswer::Body::kJson);
  const bool is_missing = answer.kind == YarnAnswer::Kind::kMissing;
  absl::StatusOr<std::string> stage = std::string();
  if (answer.kind == YarnAnswer::Kind::kGood) stage = ParseStage(response.body);
  if ((answer.kind != YarnAnswer::Kind::kGood && !is_missing) || !stage.ok()) {
    EmitFinished(1);
    return Finish(false);
  }
  // A missing stage was skipped because its results existed already, or the driver has dropped it.
  if (!stage->empty()) stages_.push_back(*std::move(stage));
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
