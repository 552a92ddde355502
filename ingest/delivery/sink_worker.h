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
#include "ingest/streams/batch.h"
#include "offsets/cursor.h"
#include "offsets/cursor_store.h"
#include "sinks/options.h"
#include "sinks/sink.h"
#include "sinks/sink_status.h"

namespace sparktail {

// The cursor that a commit has made durable in one stream.
struct StreamMoved {
  StreamKey stream;
  std::shared_ptr<const Cursor> cursor;
};

// One sink, its thread and its queue. Batches that are pushed are written in order; at
// each commit the cursors behind them become durable with them. After an error all that was
// written since the last commit is written again, for as long as it takes.
//
// Batches whose lease is lost are not written any more, and their cursors do not move.
//
// The reader thread calls HasRoom() and Push(); any thread status().
class SinkWorker {
 public:
  struct Parts {
    Os* os = nullptr;
    Log* log = nullptr;
    std::string name;
    std::string kind;
    DeliveryOptions options;
    std::unique_ptr<Sink> sink;
    // Gets copies of the cursors that the sink itself keeps elsewhere; null if it keeps them there.
    CursorStore* mirror = nullptr;
    std::function<uint64_t()> dead_letters;  // durable ones so far; may be empty
  };
  // `wake` is called, on the sink's thread, when there is room again after there was none, and
  // when the worker has stopped.
  SinkWorker(Parts parts, std::function<void()> wake);
  // Leaves at once what Stop() left undone.
  ~SinkWorker();
  SinkWorker(const SinkWorker&) = delete;
  SinkWorker& operator=(const SinkWorker&) = delete;

  // Opens the sink: where it stands.
  absl::StatusOr<std::vector<StreamCursor>> Open() { return parts_.sink->Open(); }
  bool IsRemote() const { return parts_.sink->IsRemote(); }
  // From now on `committed` is called, on the sink's thread, with the cursors that have become
  // durable, of streams of which the key begins with `prefix`. Before Start().
  using Committed = std::function<void(const std::vector<StreamMoved>& moved)>;
  void WatchCommits(std::string prefix, Committed committed);
  void Start();

  const std::string& name() const { return parts_.name; }

  // There is room for another batch, however large. If not, `wake` will be called.
  bool HasRoom();
  // Events before `first` are before the sink's cursor: it has them already.
  // `more`: another one follows that is to be committed together with this one.
  void Push(std::shared_ptr<const Batch> batch, size_t first, bool more = false);

  // Batches so far: that were pushed, and of those, the first so many, that are delivered and their
  // cursors durable.
  uint64_t pushed() const;
  uint64_t settled() const;
  // All that was pushed is delivered and its cursors are durable.
  bool IsIdle() const;
  // The queue is worked off, committed, and the thread ends. To be waited for with Join().
  void Finish();
  // True if the thread has ended, at the latest at `deadline`.
  bool Join(absl::Time deadline);
  // Why it stopped by itself; ok if it did not.
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

  void Run();
  bool WaitForWork() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status WriteQueued();
  bool MustGoOn() const { return !open_.empty() && open_.back().more; }
  absl::Status Write(Item* item);
  absl::Time CommitTime() const;
  bool CommitIsDue() const;
  absl::Status Commit();
  std::vector<StreamMoved> MovedStreams() const;
  absl::Status CommitWritten();
  void Delivered();
  void Tell(const std::vector<StreamMoved>& moved) const;
  void Mirror(bool now);
  bool Recover(absl::Status error);
  bool SleepBeforeRetry() ABSL_LOCKS_EXCLUDED(mutex_);
  void Fail(const absl::Status& error);
  void SetState(SinkStatus::State state, std::string why);

  Parts parts_;
  const std::function<void()> wake_;
  std::vector<std::pair<std::string, Committed>> watchers_;  // by prefix; fixed by Start()

  mutable absl::Mutex mutex_;
  std::deque<Item> queue_ ABSL_GUARDED_BY(mutex_);
  size_t queue_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of queue_ and of open_
  size_t queue_events_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t pushed_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t settled_ ABSL_GUARDED_BY(mutex_) = 0;
  bool reader_waits_ ABSL_GUARDED_BY(mutex_) = false;
  bool finishing_ ABSL_GUARDED_BY(mutex_) = false;
  bool abandoned_ ABSL_GUARDED_BY(mutex_) = false;  // leave without delivering
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool idle_ ABSL_GUARDED_BY(mutex_) = true;
  absl::Time oldest_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  absl::Time committed_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  SinkStatus status_ ABSL_GUARDED_BY(mutex_);

  // Of the sink's thread only.
  std::vector<Item> open_;  // written since the last commit, or to be written again
  size_t written_ = 0;      // of them
  size_t open_bytes_ = 0;
  absl::Time last_commit_ = absl::InfinitePast();
  size_t failures_ = 0;  // in a row
  absl::Time next_tidy_;
  std::vector<StreamCursor> unmirrored_;
  absl::Time next_mirror_;
  std::thread thread_;
};

}  // namespace sparktail
