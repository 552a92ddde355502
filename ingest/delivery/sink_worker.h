#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "ingest/delivery/cursor_mirror.h"
#include "ingest/streams/batch.h"
#include "offsets/cursor.h"
#include "offsets/cursor_store.h"
#include "sinks/delivery_options.h"
#include "sinks/sink.h"
#include "sinks/sink_status.h"

namespace sparktail {

// Runs one sink on a thread of its own, behind a queue. Writes the batches in the order in which
// they were pushed. Each commit makes them durable together with the cursors at their ends. After
// an error that may pass, it rolls back, waits, and writes everything since the last commit again,
// for as long as it takes.
//
// A batch whose lease is lost before it is written is dropped: its cursor does not move.
//
// The reader thread calls HasRoom() and Push(). Any thread calls status() and the counters.
class SinkWorker {
 public:
  struct Parts {
    Os* os = nullptr;
    Log* log = nullptr;
    std::string name;
    std::string kind;
    DeliveryOptions options;
    std::unique_ptr<Sink> sink;
    // Gets copies of the cursors if the sink keeps them in its own store; null if it does not.
    CursorStore* mirror = nullptr;
    std::function<uint64_t()> dead_letters;  // number of durable dead letters; may be empty
  };
  // The sink's thread calls `wake` when the queue has room again after HasRoom() returned false,
  // and when the worker has stopped.
  SinkWorker(Parts parts, std::function<void()> wake);
  // Stops the thread after its present call of the sink. Discards the queue and everything that is
  // not committed.
  ~SinkWorker();
  SinkWorker(const SinkWorker&) = delete;
  SinkWorker& operator=(const SinkWorker&) = delete;

  // Opens the sink and returns its cursors. Call it before Start().
  absl::StatusOr<std::vector<StreamCursor>> Open() { return parts_.sink->Open(); }
  bool IsRemote() const { return parts_.sink->IsRemote(); }
  // After each commit the sink's thread calls `on_committed` with the new cursors of the source's
  // streams. Call it before Start().
  using OnCommitted = std::function<void(const std::vector<StreamMoved>& moved)>;
  void WatchCommits(std::string source, OnCommitted on_committed);
  void Start();

  const std::string& name() const { return parts_.name; }

  // Returns true if the queue takes another batch, however large. If it does not, `wake` will be
  // called.
  bool HasRoom();
  // Queues a batch. The sink has its events before `first` already. `more` means that the next
  // batch is to be committed together with this one.
  void Push(std::shared_ptr<const Batch> batch, size_t first, bool more = false);

  // Number of batches that were pushed so far.
  uint64_t pushed() const;
  // Number of batches, the first ones of those, that are delivered and have durable cursors.
  uint64_t settled() const;
  // True if all batches that were pushed are settled.
  bool IsIdle() const;
  // Lets the worker deliver and commit its queue, then stop. Join() waits for that.
  void Finish();
  // Waits until the thread has stopped. Returns false at `deadline`, by the clock of Parts::os.
  bool Join(absl::Time deadline);
  // The error that stopped the worker; ok if none did.
  absl::Status failure() const;

  SinkStatus status() const;

 private:
  struct Item {
    std::shared_ptr<const Batch> batch;
    size_t first = 0;  // the sink has the events before it
    absl::Time queued;
    bool more = false;
    bool dropped = false;  // its lease was lost before it was written
  };

  // Events of the batches of one commit.
  struct Delivered {
    uint64_t queued = 0;  // with those of dropped batches
    uint64_t written = 0;
    uint64_t bytes = 0;  // of the written ones
  };

  void Run();
  bool WaitForWork() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status WriteQueued();
  bool NeedsNextBatch() const { return !open_.empty() && open_.back().more; }
  absl::Status Write(Item* item);
  absl::Time CommitTime() const;
  bool CommitIsDue() const;
  absl::Status Commit();
  std::vector<StreamMoved> MovedStreams() const;
  absl::Status CommitWritten();
  Delivered CountDelivered() const;
  void OnDelivered();
  bool UpdateStatus(const Delivered& delivered) ABSL_LOCKS_EXCLUDED(mutex_);
  void CallWatchers(const std::vector<StreamMoved>& moved) const;
  absl::Status TidyIfDue();
  bool Recover(absl::Status error);
  bool SleepBeforeRetry() ABSL_LOCKS_EXCLUDED(mutex_);
  void Fail(const absl::Status& error);
  void SetState(SinkStatus::State state, std::string why);

  Parts parts_;
  const std::function<void()> wake_;
  std::vector<std::pair<std::string, OnCommitted>> watchers_;  // by prefix; fixed by Start()

  mutable absl::Mutex mutex_;
  std::deque<Item> queue_ ABSL_GUARDED_BY(mutex_);
  size_t queue_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of queue_ and of open_
  size_t queue_events_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t pushed_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t settled_ ABSL_GUARDED_BY(mutex_) = 0;
  bool reader_waits_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_finishing_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_abandoned_ ABSL_GUARDED_BY(mutex_) = false;  // stop without delivering
  bool has_stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_idle_ ABSL_GUARDED_BY(mutex_) = true;
  absl::Time oldest_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  absl::Time committed_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  SinkStatus status_ ABSL_GUARDED_BY(mutex_);

  // Used by the sink's thread only.
  std::vector<Item> open_;  // batches that are not committed yet
  size_t written_ = 0;      // the first ones of open_, which the sink has
  size_t open_bytes_ = 0;
  absl::Time last_commit_ = absl::InfinitePast();
  size_t failures_ = 0;  // in a row
  absl::Time next_tidy_;
  CursorMirror mirror_;
  std::thread thread_;
};

}  // namespace sparktail
