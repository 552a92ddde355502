#include "ingest/sources/yarn/followed_application.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "ingest/base/printable.h"
#include "ingest/sources/yarn/yarn_answer.h"
#include "parsers/identity.h"

namespace sparktail {
namespace {

using Kind = ContainerLogReader::Outcome::Kind;

constexpr absl::Duration kTick = absl::Seconds(1);
constexpr absl::Duration kLogTime = absl::Seconds(60);
constexpr absl::Duration kDriverTime = absl::Seconds(30);
// The JVM of an ended attempt keeps running for some seconds.
constexpr absl::Duration kLastWords = absl::Seconds(1);
// Requests for the deploy mode before the log is read without it.
constexpr int kModeTries = 6;
// Reads without news that end a log, if the NodeManager does not report the container's state.
constexpr int kQuietReads = 3;
constexpr size_t kLongestAddress = 300;
constexpr std::string_view kFiles[] = {"stderr", "stdout"};
constexpr size_t kMostEnvironment = size_t{8} << 20;

std::string AttemptOf(const std::string& container) {
  const std::optional<ContainerParts> parts = ParseContainerId(container);
  return parts ? parts->attempt : "";
}

}  // namespace

struct FollowedApplication::Reading {
  explicit Reading(YarnLog which, std::unique_ptr<YarnLogTail> its_tail)
      : log(std::move(which)), tail(std::move(its_tail)), reader(tail->begin()) {}

  YarnLog log;
  std::unique_ptr<YarnLogTail> tail;
  ContainerLogReader reader;
  bool is_asking = false;
  absl::Time next = absl::InfinitePast();
  absl::Time read_at = absl::InfinitePast();  // when the last read to the log's end was requested
  bool is_inexact = false;
  bool is_gone = false;  // the server did not have the log at the last request
  bool is_over = false;  // its attempt has ended
  absl::Time over;
  int quiet = 0;  // consecutive reads since then without new bytes
  bool at_history = false;
  bool has_ended = false;
  Health health;
};

FollowedApplication::FollowedApplication(YarnShared* shared, std::string id, int64_t since_ms)
    : shared_(shared) {
  origin_.application = application_.id = std::move(id);
  origin_.since_ms = since_ms;
}

FollowedApplication::~FollowedApplication() = default;

// ---------------------------------------------------------------- its state

void FollowedApplication::Remember(const YarnLog& log) {
  if (Find(log.name.address, log.name.file) != nullptr) return;
  std::unique_ptr<YarnLogTail> tail = shared_->tails->MakeTail(log);
  if (tail == nullptr) return;
  origin_ = log.origin;
  origin_.attempt.clear();
  mode_ = Mode::kCluster;
  if (application_.name.empty()) application_.name = log.origin.name;
  readings_.push_back(std::make_unique<Reading>(log, std::move(tail)));
}

void FollowedApplication::Update(const YarnApplication& application) {
  application_ = application;
  origin_.name = application.name;
  origin_.user = application.user;
  if (application.am_logs) container_ = application.am_logs->container;
  if (application.has_ended()) OnEnded();
  // Between two attempts there is no container. The last attempt is over, but may still write.
  for (const auto& reading : readings_) {
    const bool is_current =
        application.am_logs && reading->log.name.address.container == container_;
    if (has_ended_ || !is_current) {
      MarkOver(reading.get());
    } else {
      reading->is_over = reading->at_history = false;  // the ResourceManager had only left it out
    }
  }
  if (mode_ == Mode::kCluster) OpenCurrent();
}

void FollowedApplication::OnForgotten() {
  OnEnded();
  for (const auto& reading : readings_) MarkOver(reading.get());
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

bool FollowedApplication::is_done() const {
  return has_ended_ && asking_ == 0 &&
         std::all_of(readings_.begin(), readings_.end(),
                     [](const auto& reading) { return reading->has_ended; });
}

bool FollowedApplication::is_at_end() const {
  return std::all_of(readings_.begin(), readings_.end(), [](const auto& reading) {
    const bool has_none = reading->is_gone && !reading->is_over;
    return reading->has_ended || has_none ||
           (reading->read_at > absl::InfinitePast() &&
            reading->reader.offset() >= reading->reader.length());
  });
}

size_t FollowedApplication::logs() const {
  return static_cast<size_t>(std::count_if(readings_.begin(), readings_.end(),
                                           [](const auto& one) { return !one->has_ended; }));
}

uint64_t FollowedApplication::lag_bytes() const {
  uint64_t lag = 0;
  for (const auto& reading : readings_) {
    const uint64_t length = reading->reader.length();
    if (!reading->has_ended) lag += length - std::min(length, reading->reader.offset());
  }
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
  shared_->log->Warn("yarn_strange_logs " + origin_.application,
                     Title() + ": cannot read its log: the ResourceManager gives the address " +
                         Printable(application_.strange_logs, kLongestAddress) +
                         ", which is not an address of a NodeManager");
}

void FollowedApplication::Open(const ContainerAddress& address, const std::string& node_id,
                               bool is_over) {
  for (const std::string_view file : kFiles) {
    if (Reading* known = Find(address, std::string(file)); known != nullptr) {
      if (known->log.name.node_id.empty()) known->log.name.node_id = node_id;
      continue;
    }
    YarnLog log;
    log.origin = origin_;
    log.origin.attempt = AttemptOf(address.container);
    log.name = {address, node_id, std::string(file)};
    std::unique_ptr<YarnLogTail> tail = shared_->tails->MakeTail(log);
    if (tail == nullptr) continue;
    readings_.push_back(std::make_unique<Reading>(std::move(log), std::move(tail)));
    if (is_over) MarkOver(readings_.back().get());
  }
}

FollowedApplication::Reading* FollowedApplication::Find(const ContainerAddress& address,
                                                        const std::string& file) {
  for (const auto& reading : readings_) {
    const LogName& name = reading->log.name;
    if (name.address.container == address.container && name.file == file) return reading.get();
  }
  return nullptr;
}

void FollowedApplication::MarkOver(Reading* reading) {
  if (std::exchange(reading->is_over, true)) return;
  reading->over = shared_->os->Now();
  reading->next = std::min(reading->next, reading->over + kLastWords);
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
      OnError(&attempts_health_, "attempts",
              "cannot list its attempts: " + std::string(attempts.status().message()));
      return;
    }
    OnSuccess(&attempts_health_);
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
  next_mode_ = now + Jittered(shared_->options->read_interval);
  HttpRequest request = JsonRequest(DriverUrl(shared_->rm, origin_.application, "environment"),
                                    kDriverTime, kMostEnvironment);
  shared_->queue->Start(std::move(request), [this](const HttpResponse& response) {
    --asking_;
    mode_asked_ = false;
    if (mode_ != Mode::kUnknown) return;
    const absl::StatusOr<std::string> mode = ReadJson(response, ParseDeployMode);
    if (mode.ok() && !mode->empty()) {
      OnSuccess(&health_);
      return SetMode(*mode == "client" ? Mode::kClient : Mode::kCluster, *mode);
    }
    if (++mode_tries_ < kModeTries) return;
    const std::string why = mode.ok() ? "its environment has no spark.submit.deployMode"
                                      : std::string(mode.status().message());
    shared_->log->Warn("yarn_mode " + origin_.application,
                       Title() + ": its deploy mode is not known (" + why +
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
  for (const auto& reading : readings_) {
    if (reading->has_ended) continue;
    const bool was_read = reading->read_at >= now - shared_->options->record_timeout;
    if (reading->tail->Tick(now, was_read)) next = std::min(next, now + kTick);
  }
  if (!has_room || shared_->rm.empty()) return next;
  const bool can_ask_driver = !has_ended_ && application_.state == "RUNNING";
  if (mode_ == Mode::kUnknown && can_ask_driver && !mode_asked_ && wants(next_mode_))
    RequestMode(now);
  for (const auto& reading : readings_) {
    if (reading->has_ended || reading->is_asking) continue;
    if (wants(reading->next)) RequestLog(reading.get(), now);
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
        Jittered(driver_->is_busy() ? options.read_interval : options.poll_interval);
    if (is_well) {
      OnSuccess(&health_);
    } else if (driver_->is_busy()) {
      OnError(&health_, "driver", "its driver does not report its finished jobs and batches");
      pause += RestOf(health_);
    }
    next_driver_ = shared_->os->Now() + pause;
  });
}

void FollowedApplication::EndAll() {
  for (const auto& reading : readings_) {
    if (!reading->has_ended) EndReading(reading.get());
  }
}

// ---------------------------------------------------------------- a log

void FollowedApplication::RequestLog(Reading* reading, absl::Time now) {
  const YarnSourceOptions& options = *shared_->options;
  const ContainerAddress& address = reading->log.name.address;
  const bool at_history = reading->at_history;
  const std::string why_not = at_history ? "" : WhyNotAsked(shared_->rm, address, options);
  if (!why_not.empty()) return OnWrong(reading, why_not);
  HttpRequest request = reading->reader.Next(
      at_history ? ContainerLogReader::Server::kHistory : ContainerLogReader::Server::kNode,
      at_history ? options.history_server + options.url_prefix
                 : NodeUrl(address, options.url_prefix),
      reading->log.name);
  request.timeout = kLogTime;
  reading->is_asking = true;
  ++asking_;
  shared_->queue->Start(std::move(request), [this, reading, now](const HttpResponse& response) {
    --asking_;
    OnResponse(reading, now, response);
  });
}

void FollowedApplication::OnResponse(Reading* reading, absl::Time asked,
                                     const HttpResponse& response) {
  reading->is_asking = false;
  if (reading->has_ended) return;
  const ContainerLogReader::Outcome outcome = reading->reader.Take(response);
  reading->is_gone = outcome.kind == Kind::kGone;
  const YarnSourceOptions& options = *shared_->options;
  switch (outcome.kind) {
    case Kind::kRead:
      return OnRead(reading, asked, outcome);
    case Kind::kGone:
      return OnGone(reading, outcome.why);
    case Kind::kShrunk:
      // The last lines of a killed container may be missing from the uploaded log.
      if (reading->at_history) return EndReading(reading);
      reading->next = shared_->os->Now() + options.poll_interval;
      ++shared_->shrunk;
      if (reading->is_over) return OnWrong(reading, outcome.why);
      OnError(&reading->health, "shrunk",
              reading->log.name.file + ": " + outcome.why +
                  "; reading resumes once it is longer again");
      return;
    case Kind::kWrong:
      return OnWrong(reading, outcome.why);
  }
}

void FollowedApplication::OnRead(Reading* reading, absl::Time asked,
                                 const ContainerLogReader::Outcome& outcome) {
  OnSuccess(&reading->health);
  if (reading->reader.is_inexact() && !std::exchange(reading->is_inexact, true)) {
    reading->tail->SetInexact();
    shared_->log->Warn("yarn_inexact " + origin_.application,
                       Title() + ": " + reading->log.name.file +
                           " contains bytes that are not UTF-8, and its NodeManager cannot "
                           "return them: they are replaced");
  }
  if (!outcome.bytes.empty()) {
    shared_->read_bytes += outcome.bytes.size();
    reading->tail->OnBytes(outcome.bytes);
    reading->tail->EndTurn();
    reading->quiet = 0;
  }
  if (!outcome.at_end) {
    reading->next = asked;
    return;
  }
  reading->read_at = asked;
  reading->next = asked + Jittered(shared_->options->read_interval);
  if (!reading->is_over) return;
  // A response to an earlier request may not have everything.
  if (asked < reading->over) {
    reading->next = asked;
    return;
  }
  if (reading->at_history || IsComplete(reading, outcome)) return EndReading(reading);
  reading->next = asked + kLastWords;
}

// True if no more bytes can come. Its attempt is over, and it was just read to its end.
bool FollowedApplication::IsComplete(Reading* reading, const ContainerLogReader::Outcome& outcome) {
  if (outcome.is_running) {
    const absl::Duration since = shared_->os->Now() - reading->over;
    return !*outcome.is_running || since > shared_->options->end_wait;
  }
  const bool is_complete = outcome.bytes.empty() && ++reading->quiet > kQuietReads;
  if (reading->quiet >= kQuietReads) reading->reader.set_complete();
  return is_complete;
}

void FollowedApplication::OnGone(Reading* reading, const std::string& why) {
  const YarnSourceOptions& options = *shared_->options;
  const absl::Time now = shared_->os->Now();
  if (!reading->is_over) {
    // A missing stdout is harmless, but a log that was read and then unlinked does not come back.
    reading->next = now + std::max(options.poll_interval, options.read_interval);
    if (reading->reader.offset() > 0 || reading->log.name.file == "stderr") {
      OnError(&reading->health, "gone",
              reading->log.name.file +
                  " cannot be read any longer, although the application is running: " + why);
    }
    return;
  }
  if (options.history_server.empty()) {
    return GiveUp(reading, why + "; set `history_server`, which keeps such logs");
  }
  if (!std::exchange(reading->at_history, true)) {
    reading->next = now;
    return;
  }
  if (now - reading->over > options.end_wait) {
    return GiveUp(reading, "the history server does not have it: " + why);
  }
  reading->next = now + Jittered(options.read_interval);
}

void FollowedApplication::OnWrong(Reading* reading, const std::string& why) {
  const YarnSourceOptions& options = *shared_->options;
  const absl::Time now = shared_->os->Now();
  const bool is_late = reading->is_over && now - reading->over > options.end_wait;
  if (is_late) return GiveUp(reading, why);
  // The node may be gone for good, but its logs may have been uploaded.
  const bool may_be_uploaded = has_ended_ && !options.history_server.empty() &&
                               reading->health.errors >= options.error_min_count;
  if (may_be_uploaded) reading->at_history = !reading->at_history;
  const std::string& server =
      reading->at_history ? options.history_server : reading->log.name.address.node;
  OnError(&reading->health, "wrong",
          reading->log.name.file + " cannot be read from " + server + ": " + why);
  const absl::Duration rest = RestOf(reading->health);
  reading->next = now + Jittered(options.read_interval) + rest;
}

void FollowedApplication::GiveUp(Reading* reading, const std::string& why) {
  shared_->log->Warn("yarn_end " + origin_.application + reading->log.name.file,
                     Title() + ": " + reading->log.name.file + " of attempt " +
                         reading->log.origin.attempt + " cannot be read after byte " +
                         std::to_string(reading->reader.offset()) + ": " + why);
  EndReading(reading);
}

void FollowedApplication::EndReading(Reading* reading) {
  reading->has_ended = true;
  reading->tail->End();
}

// ---------------------------------------------------------------- errors

absl::Duration FollowedApplication::Jittered(absl::Duration duration) const {
  return duration * (0.9 + 0.2 * shared_->random());
}

// Warns unless a request of the application is in the same kind of trouble already: persistent
// trouble, and the same trouble of several logs, is reported once.
void FollowedApplication::OnError(Health* health, std::string_view kind, const std::string& what) {
  ++shared_->errors;
  ++health->errors;
  if (!HasTrouble(kind)) {
    shared_->log->Warn("yarn_trouble " + origin_.application, Title() + ": " + what);
  }
  health->trouble = kind;
}

void FollowedApplication::OnSuccess(Health* health) {
  health->errors = 0;
  if (health->trouble.empty()) return;
  const std::string trouble = std::exchange(health->trouble, "");
  if (HasTrouble(trouble)) return;
  shared_->log->Info("yarn_works " + origin_.application, Title() + ": reading works again");
}

absl::Duration FollowedApplication::RestOf(const Health& health) const {
  return Jittered(RestAfter(health.errors, *shared_->options));
}

bool FollowedApplication::HasTrouble(std::string_view kind) const {
  return health_.trouble == kind || attempts_health_.trouble == kind ||
         std::any_of(readings_.begin(), readings_.end(),
                     [&](const auto& reading) { return reading->health.trouble == kind; });
}

std::string FollowedApplication::Title() const {
  return origin_.application + (origin_.name.empty() ? "" : " (" + origin_.name + ")");
}

}  // namespace sparktail
