#include "ingest/sources/yarn/yarn_source.h"

#include <absl/random/random.h>

#include <algorithm>
#include <utility>

#include "ingest/http/http_url.h"
#include "ingest/sources/yarn/yarn_answer.h"
#include "ingest/sources/yarn/yarn_names.h"

namespace sparktail {
namespace {

constexpr absl::Duration kResponsePause = absl::Milliseconds(20);  // interval for taking responses
constexpr absl::Duration kAgain = absl::Seconds(5);                // after a failed poll
constexpr absl::Duration kApplicationTime = absl::Seconds(30);
// Clocks differ, and a list may be slightly old.
constexpr absl::Duration kOverlap = absl::Minutes(2);
// After a fail-over a ResourceManager needs a while to recover its applications.
constexpr absl::Duration kSettles = absl::Minutes(5);
constexpr size_t kMostDone = 100'000;
constexpr size_t kMostNames = 1000;

double Random() {
  thread_local absl::BitGen generator;
  return absl::Uniform(generator, 0.0, 1.0);
}

}  // namespace

YarnSource::YarnSource(Parts parts)
    : parts_(std::move(parts)),
      choice_(parts_.options),
      queue_(parts_.web, parts_.options.requests_per_host),
      cluster_(&queue_, ServersOf(parts_.options)) {
  parts_.options.history_server = WithoutSlash(std::move(parts_.options.history_server));
  shared_.os = parts_.os;
  shared_.log = parts_.log;
  shared_.options = &parts_.options;
  shared_.queue = &queue_;
  shared_.tails = parts_.tails;
  shared_.random = Random;
}

YarnSource::~YarnSource() = default;

void YarnSource::Open(const std::vector<YarnLog>& remembered, absl::Time reported,
                      int64_t since_ms) {
  since_ms_ = since_ms;
  ended_since_ = reported;
  // A restart does not shift the next report.
  next_report_ = reported + parts_.options.heartbeat_interval;
  for (const YarnLog& log : remembered) {
    Follow(log.origin.application, log.origin.since_ms)->Remember(log);
  }
}

FollowedApplication* YarnSource::Follow(const std::string& id, int64_t since_ms) {
  auto& application = applications_[id];
  if (application == nullptr) {
    application = std::make_unique<FollowedApplication>(&shared_, id, since_ms);
  }
  return application.get();
}

// ---------------------------------------------------------------- turns

absl::Time YarnSource::Turn() {
  if (is_over_) return absl::InfiniteFuture();
  queue_.Poll();
  const absl::Time now = parts_.os->Now();
  if (now >= next_poll_ && !cluster_.is_running()) Poll(now);
  absl::Time next = cluster_.is_running() ? absl::InfiniteFuture() : next_poll_;
  const bool has_room = parts_.tails->HasRoom();
  for (const auto& [id, application] : applications_) {
    next = std::min(next, application->Turn(has_room));
  }
  DropDone();
  if (queue_.in_flight() > 0) next = std::min(next, now + kResponsePause);
  return next;
}

void YarnSource::Poll(absl::Time now) {
  std::optional<absl::Time> since;
  if (ended_since_ > absl::InfinitePast()) since = ended_since_ - kOverlap;
  cluster_.Start(since, [this, now](const ClusterPoll::Result& result) { OnPolled(now, result); });
}

void YarnSource::OnPolled(absl::Time asked, const ClusterPoll::Result& result) {
  const absl::Time now = parts_.os->Now();
  const absl::Duration interval = parts_.options.poll_interval;
  if (!result.status.ok()) {
    next_poll_ = now + std::min(interval, kAgain) * (0.75 + 0.5 * Random());
    return SetTrouble(std::string(result.status.message()));
  }
  SetTrouble("");
  next_poll_ = asked + interval * (0.95 + 0.1 * Random());
  if (shared_.rm != result.rm) {
    parts_.log->Info("yarn_rm " + parts_.name,
                     "source " + parts_.name + ": the active ResourceManager is " + result.rm);
    if (!shared_.rm.empty()) unsettled_until_ = now + kSettles;
    shared_.rm = result.rm;
  }
  std::set<std::string> listed;
  for (const YarnApplication& application : result.applications) {
    if (!choice_.Has(application)) continue;
    listed.insert(application.id);
    Add(application);
  }
  since_ms_ = INT64_MIN;  // later applications are read from their beginning
  for (const auto& [id, application] : applications_) {
    if (!listed.contains(id) && !application->has_ended()) RequestApplication(application.get());
  }
  ended_since_ = std::max(ended_since_, asked);
  has_looked_ = true;
  look_again_ = false;
  if (now >= next_report_) EmitReports(now);
}

void YarnSource::Add(const YarnApplication& application) {
  if (done_set_.contains(application.id)) return;
  FollowedApplication* followed = Follow(application.id, since_ms_);
  // An older list does not override newer knowledge.
  if (followed->has_ended() && !application.has_ended()) return;
  followed->Update(application);
}

void YarnSource::RequestApplication(FollowedApplication* application) {
  queue_.Start(JsonRequest(ApplicationUrl(shared_.rm, application->id()), kApplicationTime),
               [this, id = application->id()](const HttpResponse& response) {
                 const auto found = applications_.find(id);
                 if (found != applications_.end()) OnApplication(found->second.get(), response);
               });
}

void YarnSource::OnApplication(FollowedApplication* application, const HttpResponse& response) {
  const absl::StatusOr<YarnApplication> one = ReadJson(response, ParseApplication);
  // A recovering ResourceManager does not know all applications yet.
  const bool is_settled = parts_.os->Now() >= unsettled_until_;
  if (absl::IsNotFound(one.status()) && is_settled) return application->OnForgotten();
  if (!one.ok() || one->id != application->id()) return;
  if (one->has_ended() || !application->has_ended()) application->Update(*one);
}

void YarnSource::DropDone() {
  std::erase_if(applications_, [&](const auto& one) {
    if (!one.second->is_done()) return false;
    const std::string& name = one.second->application().name;
    if (!name.empty() && last_.insert_or_assign(name, one.second->Report()).second) {
      last_names_.push_back(name);
    }
    done_set_.insert(one.first);
    done_.push_back(one.first);
    return true;
  });
  for (; done_.size() > kMostDone; done_.pop_front()) done_set_.erase(done_.front());
  for (; last_names_.size() > kMostNames; last_names_.pop_front()) last_.erase(last_names_.front());
}

// ---------------------------------------------------------------- reports

void YarnSource::EmitReports(absl::Time now) {
  next_report_ = now + parts_.options.heartbeat_interval - parts_.options.poll_interval / 2;
  const std::vector<AppReport> reports = MakeReports();
  if (!reports.empty())
    parts_.tails->OnReports(absl::FromUnixSeconds(absl::ToUnixSeconds(now)), reports);
}

// Reports all running applications, and for each name without one the last application that had it.
std::vector<AppReport> YarnSource::MakeReports() const {
  std::map<std::string, std::vector<AppReport>> running;
  std::map<std::string, AppReport> ended = last_;
  for (const auto& [id, application] : applications_) {
    AppReport report = application->Report();
    if (report.application->state.empty()) continue;  // the ResourceManager has not described it
    if (!report.is_running) {
      ended.insert_or_assign(application->application().name, std::move(report));
      continue;
    }
    auto& of_name = running[report.name];
    report.is_first = of_name.empty();
    of_name.push_back(std::move(report));
  }
  for (const std::string& name : choice_.names()) {
    AppReport none;
    none.name = name;
    ended.try_emplace(name, std::move(none));
  }
  std::vector<AppReport> reports;
  for (auto& [name, of_name] : running) {
    ended.erase(name);
    std::move(of_name.begin(), of_name.end(), std::back_inserter(reports));
  }
  for (auto& [name, report] : ended) reports.push_back(std::move(report));
  return reports;
}

// ---------------------------------------------------------------- state

void YarnSource::LookAgain() {
  look_again_ = true;
  next_poll_ = absl::InfinitePast();
}

bool YarnSource::AtEnd() const {
  return has_looked_ && !look_again_ &&
         std::all_of(applications_.begin(), applications_.end(),
                     [](const auto& one) { return one.second->is_at_end(); });
}

void YarnSource::EndAll() {
  is_over_ = true;
  for (const auto& [id, application] : applications_) application->EndAll();
}

void YarnSource::SetTrouble(const std::string& trouble) {
  const bool is_news = trouble.empty() != trouble_.empty();
  trouble_ = trouble;
  if (!is_news) return;
  if (trouble.empty()) {
    parts_.log->Info("yarn_cluster " + parts_.name,
                     "source " + parts_.name + ": the cluster responds again");
  } else {
    parts_.log->Warn("yarn_cluster " + parts_.name, "source " + parts_.name + ": " + trouble);
  }
}

SourceStatus YarnSource::status() const {
  SourceStatus status;
  status.read_bytes = shared_.read_bytes;
  status.errors = shared_.errors;
  status.truncations = shared_.shrunk;
  status.trouble = trouble_;
  for (const auto& [id, application] : applications_) {
    status.streams += application->logs();
    status.lag_bytes += application->lag_bytes();
  }
  return status;
}

}  // namespace sparktail
