#include "ingest/delivery/sink_worker.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "ingest/base/backoff.h"

namespace sparktail {
namespace {

constexpr Backoff kBackoff = {absl::Milliseconds(200), absl::Seconds(15), /*least_share=*/0.1};

bool MayWorkLater(const absl::Status& status) {
  return absl::IsResourceExhausted(status) || absl::IsUnavailable(status);
}

}  // namespace

SinkWorker::SinkWorker(Parts parts, std::function<void()> wake)
    : parts_(std::move(parts)),
      wake_(std::move(wake)),
      mirror_(parts_.os, parts_.log, parts_.mirror, parts_.name) {
  const absl::MutexLock lock(&mutex_);
  status_.name = parts_.name;
  status_.kind = parts_.kind;
}

SinkWorker::~SinkWorker() {
  {
    const absl::MutexLock lock(&mutex_);
    is_abandoned_ = true;
  }
  if (thread_.joinable()) thread_.join();
  parts_.sink = nullptr;  // while the events written to it still live in open_
}

void SinkWorker::WatchCommits(std::string source, OnCommitted on_committed) {
  watchers_.emplace_back(std::move(source), std::move(on_committed));
}

void SinkWorker::Start() {
  next_tidy_ = parts_.os->Now();
  thread_ = std::thread([this] { Run(); });
}

bool SinkWorker::HasRoom() {
  const absl::MutexLock lock(&mutex_);
  const bool has_room = queue_bytes_ < parts_.options.queue_bytes && !has_stopped_;
  if (!has_room) reader_waits_ = true;
  return has_room;
}

void SinkWorker::Push(std::shared_ptr<const Batch> batch, size_t first, bool more) {
  const absl::Time now = parts_.os->Now();
  const absl::MutexLock lock(&mutex_);
  is_idle_ = false;
  queue_bytes_ += batch->cost();
  queue_events_ += batch->events.events.size() - first;
  if (oldest_ == absl::InfiniteFuture()) oldest_ = now;
  queue_.push_back({std::move(batch), first, now, more});
  ++pushed_;
}

uint64_t SinkWorker::pushed() const {
  const absl::MutexLock lock(&mutex_);
  return pushed_;
}

uint64_t SinkWorker::settled() const {
  const absl::MutexLock lock(&mutex_);
  return settled_;
}

bool SinkWorker::IsIdle() const {
  const absl::MutexLock lock(&mutex_);
  return is_idle_;
}

void SinkWorker::Finish() {
  const absl::MutexLock lock(&mutex_);
  is_finishing_ = true;
}

bool SinkWorker::Join(absl::Time deadline) {
  const absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&has_stopped_), deadline - parts_.os->Now());
}

absl::Status SinkWorker::failure() const {
  const absl::MutexLock lock(&mutex_);
  return failure_;
}

SinkStatus SinkWorker::status() const {
  const absl::Time now = parts_.os->Now();
  const absl::MutexLock lock(&mutex_);
  SinkStatus status = status_;
  status.queue_bytes = queue_bytes_;
  status.queue_events = queue_events_;
  if (parts_.dead_letters) status.dead_letters = parts_.dead_letters();
  parts_.sink->AddTo(&status);
  if (!is_idle_) {
    status.oldest = std::max(absl::ZeroDuration(), now - oldest_);
    const absl::Time since = std::max(committed_, oldest_);
    status.cursor_age = std::max(absl::ZeroDuration(), now - since);
  }
  return status;
}

void SinkWorker::Run() {
  while (WaitForWork()) {
    absl::Status status = WriteQueued();
    if (status.ok() && CommitIsDue()) status = Commit();
    if (status.ok()) status = TidyIfDue();
    if (status.ok()) mirror_.CopyIfDue();
    if (!status.ok() && !Recover(std::move(status))) break;
  }
  mirror_.Copy();
  {
    const absl::MutexLock lock(&mutex_);
    has_stopped_ = true;
  }
  wake_();
}

// Waits until there is something to do. Returns false if the thread must stop.
bool SinkWorker::WaitForWork() {
  const absl::Time now = parts_.os->Now();
  absl::Time until = std::min(std::max(next_tidy_, now), mirror_.due());
  if (!open_.empty()) until = CommitTime();
  const absl::MutexLock lock(&mutex_);
  const auto has_work = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return !queue_.empty() || is_finishing_ || is_abandoned_;
  };
  mutex_.AwaitWithTimeout(absl::Condition(&has_work), std::max(until - now, absl::ZeroDuration()));
  if (is_abandoned_) return false;
  return !(is_finishing_ && queue_.empty() && open_.empty());
}

absl::Status SinkWorker::WriteQueued() {
  while (written_ < open_.size()) {
    if (absl::Status status = Write(&open_[written_]); !status.ok()) return status;
    ++written_;
  }
  const absl::Time began = parts_.os->Now();
  while (open_bytes_ < parts_.options.commit_bytes || NeedsNextBatch()) {
    // A slow sink commits before its queue is empty.
    const bool took_long = parts_.os->Now() - began >= parts_.options.commit_interval;
    if (took_long && !open_.empty() && !NeedsNextBatch()) break;
    {
      const absl::MutexLock lock(&mutex_);
      if (queue_.empty() || is_abandoned_) break;
      open_.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    open_bytes_ += open_.back().batch->cost();
    if (absl::Status status = Write(&open_.back()); !status.ok()) return status;
    ++written_;
  }
  return absl::OkStatus();
}

absl::Status SinkWorker::Write(Item* item) {
  item->dropped = item->batch->is_lost();
  const EventBuffer& events = item->batch->events;
  if (item->dropped || item->first >= events.events.size()) return absl::OkStatus();
  return parts_.sink->Write(events, item->first);
}

// After a silence the first batch is committed at once; frequent batches once per commit_interval.
absl::Time SinkWorker::CommitTime() const { return last_commit_ + parts_.options.commit_interval; }

bool SinkWorker::CommitIsDue() const {
  if (open_.empty() || NeedsNextBatch()) return false;
  if (open_bytes_ >= parts_.options.commit_bytes) return true;
  if (parts_.os->Now() >= CommitTime()) return true;
  const absl::MutexLock lock(&mutex_);
  return is_finishing_;
}

absl::Status SinkWorker::Commit() {
  if (absl::Status status = CommitWritten(); !status.ok()) return status;
  OnDelivered();
  return absl::OkStatus();
}

absl::Status SinkWorker::TidyIfDue() {
  if (!open_.empty() || parts_.os->Now() < next_tidy_) return absl::OkStatus();
  absl::Status status = parts_.sink->Tidy();
  next_tidy_ = parts_.os->Now() + parts_.sink->tidy_interval();
  return status;
}

// Each stream moves to the end of the last of its batches that was written.
std::vector<StreamMoved> SinkWorker::MovedStreams() const {
  std::vector<StreamMoved> moved;
  std::unordered_map<std::string_view, size_t> index;
  for (const Item& item : open_) {
    if (item.dropped) continue;
    const Batch& batch = *item.batch;
    const auto [found, is_new] = index.try_emplace(batch.stream.text(), moved.size());
    if (is_new) {
      moved.push_back({batch.stream, batch.end});
    } else {
      moved[found->second].cursor = batch.end;
    }
  }
  return moved;
}

absl::Status SinkWorker::CommitWritten() {
  std::vector<StreamCursor> cursors;
  for (StreamMoved& one : MovedStreams()) cursors.push_back({std::move(one.stream), *one.cursor});
  return cursors.empty() ? absl::OkStatus() : parts_.sink->Commit(cursors);
}

SinkWorker::Delivered SinkWorker::CountDelivered() const {
  Delivered delivered;
  for (const Item& item : open_) {
    const std::vector<EventRef>& events = item.batch->events.events;
    delivered.queued += events.size() - item.first;
    if (item.dropped) continue;
    delivered.written += events.size() - item.first;
    for (size_t i = item.first; i < events.size(); ++i) {
      delivered.bytes += events[i].end - events[i].begin;
    }
  }
  return delivered;
}

// The sink has committed open_.
void SinkWorker::OnDelivered() {
  failures_ = 0;
  const std::vector<StreamMoved> moved = MovedStreams();
  mirror_.Add(moved);
  CallWatchers(moved);
  const bool wakes_reader = UpdateStatus(CountDelivered());
  open_.clear();
  written_ = open_bytes_ = 0;
  if (wakes_reader) wake_();
}

// Returns true if the reader waits for the room that there is now.
bool SinkWorker::UpdateStatus(const Delivered& delivered) {
  const absl::Time now = parts_.os->Now();
  last_commit_ = now;
  const absl::MutexLock lock(&mutex_);
  queue_bytes_ -= open_bytes_;
  queue_events_ -= delivered.queued;
  settled_ += open_.size();
  status_.events += delivered.written;
  status_.bytes += delivered.bytes;
  status_.state = SinkStatus::State::kRunning;
  status_.why.clear();
  committed_ = now;
  oldest_ = queue_.empty() ? absl::InfiniteFuture() : queue_.front().queued;
  is_idle_ = queue_.empty();
  return queue_bytes_ < parts_.options.queue_bytes && std::exchange(reader_waits_, false);
}

void SinkWorker::CallWatchers(const std::vector<StreamMoved>& moved) const {
  for (const auto& [source, on_committed] : watchers_) {
    std::vector<StreamMoved> watched;
    for (const StreamMoved& one : moved) {
      if (one.stream.source() == source) watched.push_back(one);
    }
    if (!watched.empty()) on_committed(watched);
  }
}

// Returns false if the thread must stop.
bool SinkWorker::Recover(absl::Status error) {
  while (true) {
    if (!MayWorkLater(error)) {
      Fail(error);
      return false;
    }
    ++failures_;
    const bool full = absl::IsResourceExhausted(error);
    std::string why =
        std::string(error.message()) + (full ? " (it resumes when there is room)" : "");
    parts_.log->Error("sink " + parts_.name,
                      "sink " + parts_.name + " is paused: " + why +
                          "; nothing is lost: when its queue is full, its sources wait");
    SetState(SinkStatus::State::kPaused, std::move(why));
    if (!SleepBeforeRetry()) return false;
    const absl::StatusOr<bool> committed = parts_.sink->Rollback();
    if (committed.ok()) {
      written_ = 0;
      // If open_ is empty, Tidy() failed, and there is nothing to retry.
      if (*committed || open_.empty()) OnDelivered();
      return true;
    }
    error = committed.status();
  }
}

bool SinkWorker::SleepBeforeRetry() {
  const absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&is_abandoned_), kBackoff.After(failures_));
  return !is_abandoned_;
}

void SinkWorker::Fail(const absl::Status& error) {
  if (!absl::IsCancelled(error)) {
    parts_.log->Error("sink " + parts_.name,
                      "sink " + parts_.name + " stopped: " + std::string(error.message()));
  }
  SetState(SinkStatus::State::kStopped, std::string(error.message()));
  const absl::MutexLock lock(&mutex_);
  failure_ = error;
}

void SinkWorker::SetState(SinkStatus::State state, std::string why) {
  const absl::MutexLock lock(&mutex_);
  status_.state = state;
  status_.why = std::move(why);
  ++status_.errors;
}

}  // namespace sparktail
