#include "ingest/sources/yarn/cluster_poll.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "ingest/sources/yarn/yarn_answer.h"
#include "ingest/sources/yarn/yarn_names.h"

namespace sparktail {
namespace {

constexpr absl::Duration kInfoTime = absl::Seconds(10);
constexpr absl::Duration kListTime = absl::Seconds(60);
constexpr size_t kMostList = size_t{64} << 20;

HttpRequest MakeRequest(std::string url, absl::Duration timeout) {
  HttpRequest request;
  request.url = std::move(url);
  request.timeout = timeout;
  request.most_bytes = kMostList;
  request.headers = {"Accept: application/json"};
  return request;
}

}  // namespace

void ClusterPoll::Start(std::optional<absl::Time> ended_since, Done done) {
  ended_since_ = ended_since;
  done_ = std::move(done);
  ++round_;
  is_chosen_ = false;
  trouble_.clear();
  result_ = Result();
  asked_ = rms_.size();
  for (const std::string& rm : rms_) {
    queue_->Start(
        MakeRequest(ClusterInfoUrl(rm), kInfoTime),
        [this, round = round_, rm](const HttpResponse& response) { OnInfo(round, rm, response); });
  }
}

// Chooses the previously active ResourceManager as soon as it reports that it is active. Otherwise
// waits for all responses and chooses the first one that reports so.
void ClusterPoll::OnInfo(size_t round, const std::string& rm, const HttpResponse& response) {
  if (round != round_ || is_chosen_) return;
  --asked_;
  const YarnAnswer answer = Classify(response, YarnAnswer::Body::kJson);
  std::string why = answer.why;
  if (answer.kind == YarnAnswer::Kind::kGood) {
    const absl::StatusOr<ClusterInfo> info = ParseClusterInfo(response.body);
    if (info.ok() && info->is_active) {
      if (active_.empty() || rm == active_ || rms_.size() == 1) return Choose(rm);
      if (result_.rm.empty()) result_.rm = rm;
    }
    why = info.ok() ? "it is on standby" : std::string(info.status().message());
  }
  trouble_ += (trouble_.empty() ? "" : "; ") + rm + ": " + why;
  if (asked_ > 0) return;
  if (!result_.rm.empty()) return Choose(std::string(result_.rm));
  Finish(absl::UnavailableError("no ResourceManager is active: " + trouble_));
}

void ClusterPoll::Choose(const std::string& rm) {
  is_chosen_ = true;
  result_.failed_over = !active_.empty() && active_ != rm;
  result_.rm = active_ = rm;
  lists_ = ended_since_ ? 2 : 1;
  RequestList(ApplicationsUrl(rm));
  if (ended_since_) RequestList(EndedApplicationsUrl(rm, *ended_since_));
}

void ClusterPoll::RequestList(const std::string& url) {
  queue_->Start(MakeRequest(url, kListTime),
                [this](const HttpResponse& response) { OnApplications(response); });
}

void ClusterPoll::OnApplications(const HttpResponse& response) {
  --lists_;
  const YarnAnswer answer = Classify(response, YarnAnswer::Body::kJson);
  if (answer.kind != YarnAnswer::Kind::kGood) {
    result_.status = absl::UnavailableError(result_.rm + ": " + answer.why);
  } else if (auto applications = ParseApplications(response.body); applications.ok()) {
    std::move(applications->begin(), applications->end(), std::back_inserter(result_.applications));
  } else {
    result_.status =
        absl::UnavailableError(result_.rm + ": " + std::string(applications.status().message()));
  }
  if (lists_ == 0) Finish(result_.status);
}

void ClusterPoll::Finish(absl::Status status) {
  result_.status = std::move(status);
  const Done done = std::exchange(done_, nullptr);
  done(std::exchange(result_, Result()));
}

}  // namespace sparktail
