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

}  // namespace

void ClusterPoll::Start(std::optional<absl::Time> ended_since, Done done) {
  ended_since_ = ended_since;
  done_ = std::move(done);
  ++round_;
  active_.Begin();
  for (const std::string& rm : active_.urls()) {
    queue_->Start(
        JsonRequest(ClusterInfoUrl(rm), kInfoTime, kMostList),
        [this, round = round_, &rm](const HttpResponse& response) { OnInfo(round, rm, response); });
  }
}

void ClusterPoll::OnInfo(size_t round, const std::string& rm, const HttpResponse& response) {
  if (round != round_ || active_.is_decided()) return;
  active_.Take(rm, response).IgnoreError();
  if (!active_.is_decided()) return;
  const absl::StatusOr<std::string> found = active_.Found();
  if (!found.ok()) return Finish(found.status());
  result_.rm = *found;
  lists_ = ended_since_ ? 2 : 1;
  RequestList(ApplicationsUrl(result_.rm));
  if (ended_since_) RequestList(EndedApplicationsUrl(result_.rm, *ended_since_));
}

void ClusterPoll::RequestList(const std::string& url) {
  queue_->Start(JsonRequest(url, kListTime, kMostList),
                [this](const HttpResponse& response) { OnApplications(response); });
}

void ClusterPoll::OnApplications(const HttpResponse& response) {
  --lists_;
  auto applications = ReadJson(response, ParseApplications);
  if (applications.ok()) {
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
