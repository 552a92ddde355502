#include "ingest/sources/yarn/followed_application.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "ingest/base/printable.h"
#include "ingest/sources/yarn/yarn_answer.h"
#include "parsers/identity.h"

namespace sparktail {
namespace {

constexpr absl::Duration kTick = absl::Seconds(1);
constexpr absl::Duration kDriverTime = absl::Seconds(30);
// Requests for the deploy mode before the log is read without it.
constexpr int kModeTries = 6;
constexpr size_t kLongestAddress = 300;
constexpr std::string_view kFiles[] = {"stderr", "stdout"};
constexpr size_t kMostEnvironment = size_t{8} << 20;

std::string AttemptOf(const std::string& container) {
  const std::optional<ContainerParts> parts = ParseContainerId(container);
  return parts ? parts->attempt : "";
}

}  // namespace

FollowedApplication::FollowedApplication(YarnShared* shared, std::string id, int64_t since_ms)
    : shared_(shared), health_(shared, &origin_) {
  origin_.application = application_.id = std::move(id);
  origin_.since_ms = since_ms;
}

// ---------------------------------------------------------------- its state

void FollowedApplication::Remember(const YarnLog& log) {
  if (Find(log.name.address, log.name.file) != nullptr) return;
  if (!Follow(log)) return;
  origin_ = log.origin;
  origin_.attempt.clear();
  mode_ = Mode::kCluster;
  if (application_.name.empty()) application_.name = log.origin.name;
}

void FollowedApplication::Update(const YarnApplication& application) {
  application_ = application;
  origin_.name = application.name;
  origin_.user = application.user;
  if (application.am_logs) container_ = application.am_logs->container;
  if (application.has_ended()) OnEnded();
  // Between two attempts there is no container. The last attempt is over, but may still write.
  for (const auto& log : logs_) {
    const bool is_current = application.am_logs && log->name().address.container == container_;
    if (has_ended_ || !is_current) {
      log->MarkOver(has_ended_);
    } else {
      log->MarkRunning();  // the ResourceManager had only left it out
    }
  }
  if (mode_ == Mode::kCluster) OpenCurrent();
}

void FollowedApplication::OnForgotten() {
  OnEnded();
  for (const auto& log : logs_) log->MarkOver(has_ended_);
}

void FollowedApplication::OnEnded() {
  if (std::exchange(has_ended_, true)) return;
  if (driver_ != nullptr && !driver_->is_asking()) driver_->End();
  // An ended driver cannot be asked for its mode.
  if (mode_ == Mode::kUnknown) SetMode(Mode::kCluster, "");
}

std::optional<int64_t> FollowedApplication::attempts() const {
  const std::optional<uint64_t> attempt = ReadNumber(AttemptOf(container_));
  if (!attempt) return std::nullopt;
  return static_cast<int64_t>(*attempt);
}

AppReport FollowedApplication::Report() const {
  return {application_.name, !has_ended_, application_, deploy_mode(), attempts()};
}

bool FollowedApplication::is_asking() const {
  return asking_ > 0 ||
         std::any_of(logs_.begin(), logs_.end(), [](const auto& log) { return log->is_asking(); });
}

bool FollowedApplication::is_done() const { return has_ended_ && !is_asking() && logs() == 0; }

bool FollowedApplication::is_at_end() const {
  return std::all_of(logs_.begin(), logs_.end(), [](const auto& log) { return log->is_at_end(); });
}

size_t FollowedApplication::logs() const {
  return static_cast<size_t>(
      std::count_if(logs_.begin(), logs_.end(), [](const auto& log) { return !log->has_ended(); }));
}

uint64_t FollowedApplication::lag_bytes() const {
  uint64_t lag = 0;
  for (const auto& log : logs_) lag += log->lag_bytes();
  return lag;
}

// ---------------------------------------------------------------- which logs

void FollowedApplication::OpenCurrent() {
  if (!application_.am_logs) return WarnOfStrangeLogs();
  Open(*application_.am_logs, application_.node_id, has_ended_);
  const bool has_earlier = attempts().value_or(1) > 1;
  if (has_earlier && attempts_of_ != container_) RequestAttempts();
}

// A gateway may rewrite the address of the logs.
void FollowedApplication::WarnOfStrangeLogs() {
  if (application_.strange_logs.empty()) return;
  ++shared_->errors;
  if (std::exchange(has_strange_logs_, true)) return;
  health_.Warn("yarn_strange_logs", "cannot read its log: the ResourceManager gives the address " +
                                        Printable(application_.strange_logs, kLongestAddress) +
                                        ", which is not an address of a NodeManager");
}

void FollowedApplication::Open(const ContainerAddress& address, const std::string& node_id,
                               bool is_over) {
  for (const std::string_view file : kFiles) {
    if (FollowedLog* known = Find(address, file); known != nullptr) {
      known->AddNode(node_id);
      continue;
    }
    YarnLog log{origin_, {address, node_id, std::string(file)}};
    log.origin.attempt = AttemptOf(address.container);
    if (Follow(log) && is_over) logs_.back()->MarkOver(has_ended_);
  }
}

// False if all sinks have the log to its end.
bool FollowedApplication::Follow(const YarnLog& log) {
  std::unique_ptr<YarnLogTail> tail = shared_->tails->MakeTail(log);
  if (tail == nullptr) return false;
  logs_.push_back(std::make_unique<FollowedLog>(shared_, &health_, log, std::move(tail)));
  return true;
}

FollowedLog* FollowedApplication::Find(const ContainerAddress& address, std::string_view file) {
  for (const auto& log : logs_) {
    const LogName& name = log->name();
    if (name.address.container == address.container && name.file == file) return log.get();
  }
  return nullptr;
}

// Only the list of attempts keeps the addresses of earlier attempts' logs.
void FollowedApplication::RequestAttempts() {
  attempts_of_ = container_;
  ++asking_;
  HttpRequest request = JsonRequest(AttemptsUrl(shared_->rm, origin_.application), kDriverTime);
  shared_->queue->Start(std::move(request), [this](const HttpResponse& response) {
    --asking_;
    const absl::StatusOr<std::vector<YarnAttempt>> attempts = ReadJson(response, ParseAttempts);
    if (!attempts.ok()) {
      attempts_of_.clear();
      return health_.OnError(
          &attempts_errors_, "attempts",
          "cannot list its attempts: " + std::string(attempts.status().message()));
    }
    health_.OnSuccess(&attempts_errors_);
    for (const YarnAttempt& attempt : *attempts) {
      if (!attempt.am_logs) continue;
      Open(*attempt.am_logs, attempt.node_id,
           has_ended_ || attempt.am_logs->container != container_);
    }
  });
}

// ---------------------------------------------------------------- the deploy mode

void FollowedApplication::RequestMode(absl::Time now) {
  mode_asked_ = true;
  ++asking_;
  next_mode_ = now + shared_->Jittered(shared_->options->read_interval);
  HttpRequest request = JsonRequest(DriverUrl(shared_->rm, origin_.application, "environment"),
                                    kDriverTime, kMostEnvironment);
  shared_->queue->Start(std::move(request), [this](const HttpResponse& response) {
    --asking_;
    mode_asked_ = false;
    if (mode_ != Mode::kUnknown) return;
    const absl::StatusOr<std::string> mode = ReadJson(response, ParseDeployMode);
    if (mode.ok() && !mode->empty()) {
      health_.OnSuccess(&driver_errors_);
      return SetMode(*mode == "client" ? Mode::kClient : Mode::kCluster, *mode);
    }
    if (++mode_tries_ < kModeTries) return;
    const std::string why = mode.ok() ? "its environment has no spark.submit.deployMode"
                                      : std::string(mode.status().message());
    health_.Warn("yarn_mode", "its deploy mode is not known (" + why +
                                  "); reading the log of its ApplicationMaster");
    SetMode(Mode::kCluster, "");
  });
}

void FollowedApplication::SetMode(Mode mode, std::string_view name) {
  mode_ = mode;
  origin_.deploy_mode = name;
  if (mode == Mode::kCluster) OpenCurrent();
}

// ---------------------------------------------------------------- turns

absl::Time FollowedApplication::Turn(bool has_room) {
  const absl::Time now = shared_->os->Now();
  absl::Time next = absl::InfiniteFuture();
  const auto wants = [&](absl::Time when) {
    if (when > now) next = std::min(next, when);
    return when <= now;
  };
  for (const auto& log : logs_) {
    if (log->Tick(now)) next = std::min(next, now + kTick);
  }
  if (!has_room || shared_->rm.empty()) return next;
  const bool can_ask_driver = !has_ended_ && application_.state == "RUNNING";
  if (mode_ == Mode::kUnknown && can_ask_driver && !mode_asked_ && wants(next_mode_))
    RequestMode(now);
  for (const auto& log : logs_) {
    if (wants(log->next())) log->Request(now);
  }
  if (mode_ != Mode::kUnknown && can_ask_driver && wants(next_driver_)) RequestDriver();
  return next;
}

void FollowedApplication::RequestDriver() {
  // In client mode all attempts share one driver.
  const std::string attempt = mode_ == Mode::kClient ? "" : AttemptOf(container_);
  if (driver_ != nullptr && driver_->is_asking()) return;
  if (driver_ == nullptr || attempt != driver_attempt_) {
    YarnOrigin origin = origin_;
    origin.attempt = driver_attempt_ = attempt;
    driver_ = std::make_unique<DriverWatch>(shared_->queue, shared_->tails, std::move(origin),
                                            mode_ == Mode::kClient);
  }
  next_driver_ = absl::InfiniteFuture();
  ++asking_;
  driver_->Look(shared_->rm, [this](bool is_well) {
    --asking_;
    if (has_ended_) return driver_->End();
    const YarnSourceOptions& options = *shared_->options;
    absl::Duration pause =
        shared_->Jittered(driver_->is_busy() ? options.read_interval : options.poll_interval);
    if (is_well) {
      health_.OnSuccess(&driver_errors_);
    } else if (driver_->is_busy()) {
      health_.OnError(&driver_errors_, "driver",
                      "its driver does not report its finished jobs and batches");
      pause += health_.RestOf(driver_errors_);
    }
    next_driver_ = shared_->os->Now() + pause;
  });
}

void FollowedApplication::EndAll() {
  for (const auto& log : logs_) log->End();
}

}  // namespace sparktail
