#include "ingest/delivery/sink_worker.h"

#include <algorithm>
#include <random>
#include <unordered_map>
#include <utility>

namespace sparktail {
namespace {

// Full jitter: sinks of many processes that failed together do not come back together.
constexpr absl::Duration kFirstBackoff = absl::Milliseconds(100);
constexpr absl::Duration kLongestBackoff = absl::Seconds(15);
constexpr absl::Duration kMirrorInterval = absl::Seconds(10);

absl::Duration Backoff(size_t failures) {
  const absl::Duration most =
      std::min(kLongestBackoff, kFirstBackoff * (1 << std::min<size_t>(failures, 10)));
  static thread_local std::minstd_rand random(std::random_device{}());
  return most * std::uniform_real_distribution<double>(0.1, 1)(random);
}

bool MayWorkLater(const absl::Status& status) {
  return absl::IsResourceExhausted(status) || absl::IsUnavailable(status);
}

}  // namespace

SinkWorker::SinkWorker(Parts parts, std::function<void()> wake)
    : parts_(std::move(parts)), wake_(std::move(wake)) {
  const absl::MutexLock lock(&mutex_);
  status_.name = parts_.name;
  status_.kind = parts_.kind;
}

SinkWorker::~SinkWorker() {
  {
    const absl::MutexLock lock(&mutex_);
    abandoned_ = true;
  }
  if (thread_.joinable()) thread_.join();
  parts_.sink = nullptr;  // while the events written to it still live in open_
}

void SinkWorker::WatchCommits(std::string prefix, Committed committed) {
  watchers_.emplace_back(std::move(prefix), std::move(committed));
}

void SinkWorker::Start() {
  next_tidy_ = next_mirror_ = parts_.os->Now();
  thread_ = std::thread([this] { Run(); });
}

bool SinkWorker::HasRoom() {
  const absl::MutexLock lock(&mutex_);
  const bool has_room = queue_bytes_ < parts_.options.queue_bytes && !ended_;
  if (!has_room) reader_waits_ = true;
  return has_room;
}

void SinkWorker::Push(std::shared_ptr<const Batch> batch, size_t first, bool more) {
  const absl::Time now = parts_.os->Now();
  const absl::MutexLock lock(&mutex_);
  idle_ = false;
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
  return idle_;
}

void SinkWorker::Finish() {
  const absl::MutexLock lock(&mutex_);
  finishing_ = true;
}

bool SinkWorker::Join(absl::Time deadline) {
  const absl::MutexLock lock(&mutex_);
  // By the clock of `os`.
  return mutex_.AwaitWithTimeout(absl::Condition(&ended_), deadline - parts_.os->Now());
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
  if (!idle_) {
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
    if (status.ok() && open_.empty() && parts_.os->Now() >= next_tidy_) {
      status = parts_.sink->Tidy();
      next_tidy_ = parts_.os->Now() + parts_.sink->tidy_interval();
    }
    if (status.ok()) Mirror(/*now=*/false);
    if (!status.ok() && !Recover(std::move(status))) break;
  }
  Mirror(/*now=*/true);
  {
    const absl::MutexLock lock(&mutex_);
    ended_ = true;
  }
  wake_();
}

// Until there is something to write or to commit. False if the thread is to end.
bool SinkWorker::WaitForWork() {
  const absl::Time now = parts_.os->Now();
  absl::Time until = std::max(next_tidy_, now);
  if (!unmirrored_.empty()) until = std::min(until, next_mirror_);
  if (!open_.empty()) until = CommitTime();
  const absl::MutexLock lock(&mutex_);
  const auto has_work = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return !queue_.empty() || finishing_ || abandoned_;
  };
  mutex_.AwaitWithTimeout(absl::Condition(&has_work), std::max(until - now, absl::ZeroDuration()));
  if (abandoned_) return false;
  return !(finishing_ && queue_.empty() && open_.empty());
}

absl::Status SinkWorker::WriteQueued() {
  while (written_ < open_.size()) {
    if (absl::Status status = Write(&open_[written_]); !status.ok()) return status;
    ++written_;
  }
  const absl::Time began = parts_.os->Now();
  while (open_bytes_ < parts_.options.commit_bytes || MustGoOn()) {
    // What is slow is committed in between.
    const bool took_long = parts_.os->Now() - began >= parts_.options.commit_interval;
    if (took_long && !open_.empty() && !MustGoOn()) break;
    {
      const absl::MutexLock lock(&mutex_);
      if (queue_.empty() || abandoned_) break;
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

// What comes after a silence is committed at once, what comes often each commit_interval.
absl::Time SinkWorker::CommitTime() const { return last_commit_ + parts_.options.commit_interval; }

bool SinkWorker::CommitIsDue() const {
  if (open_.empty() || MustGoOn()) return false;
  if (open_bytes_ >= parts_.options.commit_bytes) return true;
  if (parts_.os->Now() >= CommitTime()) return true;
  const absl::MutexLock lock(&mutex_);
  return finishing_;
}

absl::Status SinkWorker::Commit() {
  if (absl::Status status = CommitWritten(); !status.ok()) return status;
  Delivered();
  return absl::OkStatus();
}

// Each stream moves to the end of the last of its batches that was written.
std::vector<StreamMoved> SinkWorker::MovedStreams() const {
  std::vector<StreamMoved> moved;
  std::unordered_map<std::string_view, size_t> index;
  for (const Item& item : open_) {
    if (item.dropped) continue;
    const Batch& batch = *item.batch;
    const auto [found, is_new] = index.try_emplace(batch.stream, moved.size());
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

void SinkWorker::Delivered() {
  uint64_t taken = 0;   // off the queue
  uint64_t events = 0;  // delivered
  uint64_t bytes = 0;
  for (const Item& item : open_) {
    const EventBuffer& buffer = item.batch->events;
    taken += buffer.events.size() - item.first;
    if (item.dropped) continue;
    events += buffer.events.size() - item.first;
    for (size_t i = item.first; i < buffer.events.size(); ++i) {
      bytes += buffer.events[i].end - buffer.events[i].begin;
    }
  }
  failures_ = 0;
  // The sink's store has them already; its mirror comes after.
  const std::vector<StreamMoved> moved = MovedStreams();
  if (parts_.mirror != nullptr) {
    for (const StreamMoved& one : moved) unmirrored_.push_back({one.stream, *one.cursor});
  }
  Tell(moved);
  const absl::Time now = parts_.os->Now();
  bool wake = false;
  {
    const absl::MutexLock lock(&mutex_);
    queue_bytes_ -= open_bytes_;
    queue_events_ -= taken;
    settled_ += open_.size();
    status_.events += events;
    status_.bytes += bytes;
    status_.state = SinkStatus::State::kRunning;
    status_.why.clear();
    committed_ = now;
    last_commit_ = now;
    oldest_ = queue_.empty() ? absl::InfiniteFuture() : queue_.front().queued;
    idle_ = queue_.empty();
    if (queue_bytes_ < parts_.options.queue_bytes) wake = std::exchange(reader_waits_, false);
  }
  open_.clear();
  written_ = open_bytes_ = 0;
  if (wake) wake_();
}

void SinkWorker::Tell(const std::vector<StreamMoved>& moved) const {
  for (const auto& [prefix, committed] : watchers_) {
    std::vector<StreamMoved> watched;
    for (const StreamMoved& one : moved) {
      if (one.stream.starts_with(prefix)) watched.push_back(one);
    }
    if (!watched.empty()) committed(watched);
  }
}

// A copy that is late, or lost, costs nothing: the sink's own store is the truth.
void SinkWorker::Mirror(bool now) {
  if (unmirrored_.empty() || (!now && parts_.os->Now() < next_mirror_)) return;
  next_mirror_ = parts_.os->Now() + kMirrorInterval;
  std::unordered_map<std::string_view, const StreamCursor*> newest;
  for (const StreamCursor& cursor : unmirrored_) newest[cursor.stream] = &cursor;
  std::vector<StreamCursor> cursors;
  cursors.reserve(newest.size());
  for (const auto& [stream, cursor] : newest) cursors.push_back(*cursor);
  const absl::Status status = parts_.mirror->Commit(parts_.name, cursors, std::nullopt);
  if (!status.ok()) {
    parts_.log->Warn("mirror " + parts_.name,
                     "offsets.db does not take the cursors of sink " + parts_.name +
                         " (its own store has them): " + std::string(status.message()));
    unmirrored_ = std::move(cursors);
    return;
  }
  unmirrored_.clear();
}

// False if the thread is to end.
bool SinkWorker::Recover(absl::Status error) {
  while (true) {
    if (!MayWorkLater(error)) {
      Fail(error);
      return false;
    }
    ++failures_;
    const bool full = absl::IsResourceExhausted(error);
    std::string why =
        std::string(error.message()) + (full ? " (it goes on when there is room)" : "");
    parts_.log->Error(
        "sink " + parts_.name,
        "sink " + parts_.name + " is paused: " + why +
            "; nothing is lost, the sources that feed it wait when its queue is full");
    SetState(SinkStatus::State::kPaused, std::move(why));
    if (!SleepBeforeRetry()) return false;
    const absl::StatusOr<bool> committed = parts_.sink->Rollback();
    if (committed.ok()) {
      written_ = 0;
      // It was Tidy() that failed: nothing is left to be tried again.
      if (*committed || open_.empty()) Delivered();
      return true;
    }
    error = committed.status();
  }
}

bool SinkWorker::SleepBeforeRetry() {
  const absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&abandoned_), Backoff(failures_));
  return !abandoned_;
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
