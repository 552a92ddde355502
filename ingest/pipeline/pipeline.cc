#include "ingest/pipeline/pipeline.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "ingest/base/backoff.h"
#include "ingest/base/time_zone.h"
#include "ingest/delivery/distributor.h"
#include "ingest/pipeline/file_limit.h"

namespace sparktail {
namespace {

// Gathers writes in quick succession: a wake-up costs more than a line.
constexpr absl::Duration kGatherTime = absl::Milliseconds(20);
constexpr absl::Duration kLongestWait = absl::Seconds(5);
constexpr Backoff kOpenBackoff = {absl::Milliseconds(250), kLongestWait, /*least_share=*/1};
constexpr absl::Duration kJoinInterval = absl::Milliseconds(100);
constexpr absl::Duration kStuck = absl::Minutes(1);
constexpr absl::Duration kStatusInterval = absl::Seconds(1);
constexpr absl::Duration kTouchInterval = absl::Hours(1);
constexpr absl::Duration kKeepCursors = absl::Hours(30 * 24);

SinkFacts FactsOf(const SinkConfiguration& sink) {
  SinkFacts facts;
  facts.name = sink.name;
  if (sink.kind->commit_place != nullptr) facts.commit_place = sink.kind->commit_place(sink);
  return facts;
}

}  // namespace

Pipeline::Pipeline(Parts parts)
    : parts_(std::move(parts)),
      os_(parts_.os),
      log_(parts_.log),
      wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      started_(os_->Now()) {
  if (parts_.observe_queries) gauges_ = std::make_unique<QueryGauges>(os_);
}

// Destroy sources first: they hand their last cursors to sinks, and sinks store theirs.
Pipeline::~Pipeline() {
  sources_.clear();
  sinks_.clear();
  if (wake_fd_ >= 0) ::close(wake_fd_);
}

absl::Status Pipeline::Open() {
  most_descriptors_ = RaiseFileLimit();
  if (wake_fd_ < 0) return absl::UnavailableError("eventfd failed: no descriptors are left");
  const Configuration& configuration = *parts_.configuration;
  absl::StatusOr<std::unique_ptr<CursorStore>> store = CursorStore::Open(
      os_, log_, configuration.state_dir, CursorStore::Access::kOwn, parts_.recover);
  if (!store.ok()) return store.status();
  store_ = *std::move(store);
  next_touch_ = os_->Now();
  for (const SinkConfiguration& sink : configuration.sinks) {
    if (absl::Status status = OpenSink(sink); !status.ok()) {
      if (absl::IsCancelled(status)) return status;
      return absl::Status(status.code(),
                          "sink " + sink.name + ": " + std::string(status.message()));
    }
  }
  for (const SourceConfiguration& source : configuration.sources) {
    if (absl::Status status = OpenSource(source); !status.ok()) return status;
  }
  cursors_.clear();
  CopyStatuses();
  next_copy_ = absl::InfinitePast();  // the first turn changes most
  for (const auto& sink : sinks_) sink->Start();
  turned_ns_ = absl::ToUnixNanos(os_->Now());
  ready_ = true;
  return absl::OkStatus();
}

absl::Status Pipeline::OpenSink(const SinkConfiguration& configuration) {
  SetDoing("opens sink ", configuration.name);
  dead_letters_.push_back(
      std::make_unique<DeadLetters>(os_, log_, parts_.configuration->state_dir + "/dead-letter",
                                    configuration.name, configuration.delivery.dead_letter_bytes));
  DeadLetters* letters = dead_letters_.back().get();
  SinkParts made;
  made.os = os_;
  made.log = log_;
  made.store = store_.get();
  made.dead_letters = letters;
  made.configuration = &configuration;
  made.instance = parts_.configuration->instance;
  made.recover = parts_.recover;
  made.owner_of = [this](const StreamKey& stream) { return OwnerOf(stream); };
  made.group_offsets = [this, name = configuration.name](std::span<const StreamCursor> cursors) {
    return OffsetsOf(name, cursors);
  };
  SinkWorker::Parts parts;
  parts.os = os_;
  parts.log = log_;
  parts.name = configuration.name;
  parts.kind = configuration.kind->reported_as.empty() ? configuration.kind->name
                                                       : configuration.kind->reported_as;
  parts.options = configuration.delivery;
  parts.dead_letters = [letters] { return letters->count(); };
  parts.sink = configuration.kind->make(made);
  if (parts.sink->KeepsCursors()) parts.mirror = store_.get();
  sinks_.push_back(std::make_unique<SinkWorker>(std::move(parts), [this] { Wake(); }));
  absl::StatusOr<std::vector<StreamCursor>> cursors = OpenOrWait(sinks_.back().get());
  if (!cursors.ok()) return cursors.status();
  cursors_.push_back(*std::move(cursors));
  return absl::OkStatus();
}

// Waits while a store on another machine is unreachable, rather than stop, or start without its
// cursors.
absl::StatusOr<std::vector<StreamCursor>> Pipeline::OpenOrWait(SinkWorker* sink) {
  for (size_t failures = 1;; ++failures) {
    absl::StatusOr<std::vector<StreamCursor>> cursors = sink->Open();
    if (cursors.ok()) {
      is_waiting_ = false;
      SetNotReady("starting");
    }
    if (!sink->IsRemote() || !absl::IsUnavailable(cursors.status())) return cursors;
    const std::string why =
        "waiting for sink " + sink->name() + ": " + std::string(cursors.status().message());
    log_->Error("sink " + sink->name(), why);
    SetNotReady(why);
    is_waiting_ = true;
    Wait(os_->Now() + kOpenBackoff.After(failures));
    if (stopping_) return absl::CancelledError("stopped before sink " + sink->name() + " was open");
  }
}

void Pipeline::SetNotReady(std::string why) {
  const absl::MutexLock lock(&mutex_);
  not_ready_ = std::move(why);
}

void Pipeline::SetDoing(std::string_view what, std::string_view of) {
  const absl::MutexLock lock(&mutex_);
  doing_ = what;
  doing_of_ = of;
}

absl::Status Pipeline::OpenSource(const SourceConfiguration& configuration) {
  SetDoing("opens source ", configuration.name);
  SourceParts parts;
  std::vector<SinkWorker*> sinks;
  std::vector<std::vector<StreamCursor>> cursors;
  for (size_t i = 0; i < sinks_.size(); ++i) {
    const auto& names = configuration.sinks;
    const bool is_fed =
        names.empty() || std::find(names.begin(), names.end(), sinks_[i]->name()) != names.end();
    if (!is_fed) continue;
    sinks.push_back(sinks_[i].get());
    const SinkConfiguration& sink = parts_.configuration->sinks[i];
    parts.sinks.push_back(FactsOf(sink));
    if (sink.kind->reads_values) parts.parser.hand_on_numbers = true;
    cursors.emplace_back();
    for (const StreamCursor& cursor : cursors_[i]) {
      if (cursor.stream.source() == configuration.name) cursors.back().push_back(cursor);
    }
  }
  parts.os = os_;
  parts.log = log_;
  parts.store = store_.get();
  parts.configuration = &configuration;
  parts.host = parts_.host;
  parts.parser.max_event_bytes = parts_.configuration->max_event_bytes;
  const std::optional<absl::TimeZone> zone = FindTimeZone(configuration.timezone);
  if (!zone) return absl::InvalidArgumentError("unknown time zone " + configuration.timezone);
  parts.parser.zone = *zone;
  parts.output = std::make_unique<Distributor>(std::move(sinks), std::move(cursors));
  if (gauges_) {
    parts.parser.hand_on_numbers = true;
    parts.observe = [this](const EventBuffer& events) { gauges_->Observe(events); };
  }
  parts.wake = [this] { Wake(); };
  parts.most_descriptors = most_descriptors_;
  sources_.push_back(configuration.kind->make(std::move(parts)));
  return sources_.back()->Open();
}

// Returns the owner of a stream's cursors that are kept in Kafka: a consumer group, not this
// instance.
std::string Pipeline::OwnerOf(const StreamKey& stream) const {
  for (const SourceConfiguration& source : parts_.configuration->sources) {
    if (source.name != stream.source()) continue;
    return source.kind->cursor_owner == nullptr ? "" : source.kind->cursor_owner(source);
  }
  return "";
}

absl::StatusOr<std::vector<GroupOffsets>> Pipeline::OffsetsOf(
    const std::string& sink, std::span<const StreamCursor> cursors) const {
  std::vector<GroupOffsets> all;
  for (const auto& source : sources_) {
    absl::StatusOr<std::optional<GroupOffsets>> offsets = source->OffsetsOf(sink, cursors);
    if (!offsets.ok()) return offsets.status();
    if (*offsets) all.push_back(**std::move(offsets));
  }
  return all;
}

absl::Status Pipeline::Run() {
  absl::Status failure;
  while (!stopping_) {
    const absl::Time began = os_->Now();
    absl::Time next = began + kLongestWait;
    for (size_t i = 0; i < sources_.size(); ++i) {
      SetDoing("reads source ", parts_.configuration->sources[i].name);
      next = std::min(next, sources_[i]->Turn());
    }
    SetDoing("is between two turns");
    turned_ns_ = absl::ToUnixNanos(os_->Now());
    const bool is_copied = began >= next_copy_;
    if (is_copied) CopyStatuses();
    for (const auto& sink : sinks_) {
      if (failure.ok()) failure = sink->failure();
    }
    for (const auto& source : sources_) {
      if (failure.ok()) failure = source->failure();
    }
    if (!failure.ok() || IsComplete()) break;
    if (began >= next_touch_) Touch(began);
    Wait(is_copied ? next : std::min(next, next_copy_));
    // Keep turns kGatherTime apart.
    const absl::Duration since = os_->Now() - began;
    if (next > began && since < kGatherTime && !stopping_) {
      ::usleep(static_cast<useconds_t>(absl::ToInt64Microseconds(kGatherTime - since)));
    }
  }
  if (!failure.ok()) stopping_ = true;
  const absl::Status finished = Finish();
  // A thread hangs, so the caller must not destroy the pipeline: kDeadlineExceeded goes first.
  if (absl::IsDeadlineExceeded(finished) && !failure.ok()) {
    return absl::DeadlineExceededError(std::string(failure.message()) + "; " +
                                       std::string(finished.message()));
  }
  return failure.ok() ? finished : failure;
}

// Returns true if the driver has exited and all of its log was read.
bool Pipeline::IsComplete() {
  if (!parts_.until_exit.enabled) return false;
  const std::string& marker = parts_.until_exit.marker;
  // The previous turn may have missed lines written before the marker: look once more.
  if (!marked_ && !marker.empty()) {
    if (!os_->StatPath(marker, /*follow_links=*/true).ok()) return false;
    marked_ = true;
    for (const auto& source : sources_) source->LookAgain();
    Wake();
    return false;
  }
  for (const auto& source : sources_) {
    if (!source->AtEnd()) return false;
    if (!marked_ && !source->HasExited()) return false;
  }
  for (const auto& source : sources_) source->EndAll();
  log_->Info("complete", parts_.until_exit.complete + "; delivering what is left");
  return true;
}

absl::Status Pipeline::Finish() {
  SetDoing("waits for its sinks");
  for (const auto& source : sources_) source->HandOnAll();
  for (const auto& sink : sinks_) sink->Finish();
  absl::Time deadline = absl::InfiniteFuture();
  std::string undelivered;
  for (const auto& sink : sinks_) {
    bool joined = false;
    while (!joined && os_->Now() < deadline) {
      joined = sink->Join(os_->Now() + kJoinInterval);
      for (const auto& source : sources_) source->Tend();
      if (os_->Now() >= next_copy_) CopyStatuses();
      turned_ns_ = absl::ToUnixNanos(os_->Now());
      if (stopping_ && deadline == absl::InfiniteFuture()) {
        deadline = os_->Now() + parts_.configuration->shutdown_timeout;
      }
    }
    if (joined || sink->Join(os_->Now())) continue;
    undelivered += (undelivered.empty() ? "" : ", ") + sink->name();
  }
  for (const auto& source : sources_) source->Close();
  CopyStatuses();
  if (undelivered.empty()) return absl::OkStatus();
  return absl::DeadlineExceededError("not all was delivered within shutdown_timeout, by sink " +
                                     undelivered +
                                     "; the rest is read and delivered after the next start");
}

// Only the reader thread may ask the sources.
void Pipeline::CopyStatuses() {
  next_copy_ = os_->Now() + kStatusInterval;
  std::vector<SourceStatus> statuses;
  for (size_t i = 0; i < sources_.size(); ++i) {
    statuses.push_back(sources_[i]->status());
    statuses.back().name = parts_.configuration->sources[i].name;
    statuses.back().kind = parts_.configuration->sources[i].kind->name;
    statuses.back().parsed = sources_[i]->parsed();
  }
  const absl::MutexLock lock(&mutex_);
  statuses_ = std::move(statuses);
}

void Pipeline::Stop() {
  stopping_ = true;
  Wake();
}

void Pipeline::Wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof(one));
}

void Pipeline::Wait(absl::Time until) {
  std::vector<pollfd> fds = {{wake_fd_, POLLIN, 0}};
  for (const auto& source : sources_) {
    if (source->wake_fd() >= 0) fds.push_back({source->wake_fd(), POLLIN, 0});
  }
  const absl::Duration wait = std::clamp(until - os_->Now(), absl::ZeroDuration(), kLongestWait);
  ::poll(fds.data(), fds.size(),
         static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(wait, absl::Milliseconds(1)))));
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t read = ::read(wake_fd_, &count, sizeof(count));
}

// Keeps the cursors of existing streams from expiring, however idle they are.
void Pipeline::Touch(absl::Time now) {
  SetDoing("maintains offsets.db");
  next_touch_ = now + kTouchInterval;
  std::vector<StreamKey> streams;
  for (const auto& source : sources_) {
    for (StreamKey& stream : source->Streams()) streams.push_back(std::move(stream));
  }
  absl::Status status = store_->Touch(streams);
  if (status.ok()) status = store_->Expire(now - kKeepCursors).status();
  if (!status.ok()) {
    log_->Warn("expire",
               "offsets.db: old cursors can't be dropped: " + std::string(status.message()));
  }
}

bool Pipeline::healthy() const {
  return !ready_ || os_->Now() - absl::FromUnixNanos(turned_ns_) < kStuck;
}

PipelineStatus Pipeline::status() const {
  PipelineStatus status;
  status.started = started_;
  status.healthy = healthy();
  status.ready = ready_;
  if (!ready_) {
    const absl::MutexLock lock(&mutex_);
    status.not_ready = not_ready_;
    return status;
  }
  for (const auto& sink : sinks_) {
    status.sinks.push_back(sink->status());
    if (status.sinks.back().state == SinkStatus::State::kStopped) {
      status.ready = false;
      status.not_ready = "sink " + sink->name() + " has stopped: " + status.sinks.back().why;
    }
  }
  {
    const absl::MutexLock lock(&mutex_);
    status.sources = statuses_;
  }
  if (gauges_) status.queries = gauges_->Read();
  return status;
}

std::string Pipeline::doing() const {
  const absl::MutexLock lock(&mutex_);
  return std::string(doing_).append(doing_of_);
}

uint64_t Pipeline::dead_letters() const {
  uint64_t count = 0;
  for (const auto& letters : dead_letters_) count += letters->count();
  return count;
}

ParserStats Pipeline::parsed() const {
  ParserStats sum;
  const absl::MutexLock lock(&mutex_);
  for (const SourceStatus& source : statuses_) sum.Add(source.parsed);
  return sum;
}

}  // namespace sparktail
