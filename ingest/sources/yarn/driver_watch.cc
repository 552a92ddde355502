#include "ingest/sources/yarn/driver_watch.h"

#include <utility>

#include "ingest/sources/yarn/yarn_answer.h"
#include "ingest/sources/yarn/yarn_names.h"

namespace sparktail {
namespace {

constexpr absl::Duration kAnswerTime = absl::Seconds(30);
constexpr size_t kMostAnswer = size_t{16} << 20;
constexpr size_t kMostFinished = 50;  // handed on together

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
  if (rebuilds_batches_) return AskJobs();
  Ask("streaming/batches", [this](const HttpResponse& response) { TakeBatches(response); });
}

void DriverWatch::Ask(const std::string& what, std::function<void(const HttpResponse&)> take) {
  HttpRequest request;
  request.url = DriverUrl(rm_, origin_.application, what);
  request.timeout = kAnswerTime;
  request.most_bytes = kMostAnswer;
  request.headers = {"Accept: application/json"};
  queue_->Start(std::move(request), std::move(take));
}

void DriverWatch::TakeBatches(const HttpResponse& response) {
  const YarnAnswer answer = Classify(response, YarnAnswer::Body::kJson);
  if (answer.kind == YarnAnswer::Kind::kGood) {
    const absl::StatusOr<std::vector<SparkBatch>> batches = ParseBatches(response.body);
    if (!batches.ok()) return Finish(false);
    has_batches_ = true;
    tails_->OnBatches(origin_, batches_.Take(*batches));
  } else if (answer.kind != YarnAnswer::Kind::kMissing) {
    return Finish(false);
  }
  // Since Spark 2.2 a driver without DStreams says so. Before, it did not know the question.
  const bool is_old = answer.kind == YarnAnswer::Kind::kMissing &&
                      response.body.find("no streaming listener") == std::string::npos;
  rebuilds_batches_ = is_old;
  if (!with_jobs_ && !is_old) return Finish(true);
  AskJobs();
}

void DriverWatch::AskJobs() {
  Ask("jobs", [this](const HttpResponse& response) { TakeJobs(response); });
}

void DriverWatch::TakeJobs(const HttpResponse& response) {
  const YarnAnswer answer = Classify(response, YarnAnswer::Body::kJson);
  absl::StatusOr<std::vector<SparkJob>> jobs = absl::UnavailableError(answer.why);
  if (answer.kind == YarnAnswer::Kind::kGood) jobs = ParseJobs(response.body);
  if (!jobs.ok()) {
    // Who knows no jobs either is no old driver: a proxy that does not know the application, say.
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
  AskStages();
}

// Those of the first job that waits, one after the other.
void DriverWatch::AskStages() {
  while (!pending_.empty() && stage_ == pending_.front().stages.size()) {
    finished_.push_back({std::move(pending_.front()), std::exchange(stages_, {})});
    pending_.pop_front();
    stage_ = 0;
    HandOn(kMostFinished);
  }
  if (pending_.empty()) {
    HandOn(1);
    return Finish(true);
  }
  Ask("stages/" + std::to_string(pending_.front().stages[stage_]) + "?details=false",
      [this](const HttpResponse& response) { TakeStage(response); });
}

void DriverWatch::TakeStage(const HttpResponse& response) {
  const YarnAnswer answer = Classify(response, YarnAnswer::Body::kJson);
  const bool is_missing = answer.kind == YarnAnswer::Kind::kMissing;
  absl::StatusOr<std::string> stage = std::string();
  if (answer.kind == YarnAnswer::Kind::kGood) stage = ParseStage(response.body);
  if ((answer.kind != YarnAnswer::Kind::kGood && !is_missing) || !stage.ok()) {
    HandOn(1);
    return Finish(false);
  }
  // One that was left out for its results were there, or that the driver has forgotten.
  if (!stage->empty()) stages_.push_back(*std::move(stage));
  ++stage_;
  AskStages();
}

void DriverWatch::HandOn(size_t least) {
  if (finished_.size() < least) return;
  tails_->OnJobs(origin_, finished_);
  finished_.clear();
}

void DriverWatch::Finish(bool is_well) {
  is_asking_ = false;
  const std::function<void(bool)> done = std::exchange(done_, nullptr);
  done(is_well);
}

// Stages that were not asked for yet are not known any more.
void DriverWatch::End() {
  if (!with_jobs_) return;
  for (SparkJob& job : jobs_.Take(last_jobs_, /*last=*/true)) pending_.push_back(std::move(job));
  for (SparkJob& job : pending_) {
    finished_.push_back({std::move(job), std::exchange(stages_, {})});
  }
  pending_.clear();
  stage_ = 0;
  HandOn(1);
}

}  // namespace sparktail
