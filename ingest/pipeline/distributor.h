#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/functional/function_ref.h>
#include <absl/synchronization/mutex.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ingest/pipeline/sink_worker.h"
#include "offsets/cursor.h"
#include "sinks/batch.h"

namespace sparktail {

// Gives the batches of one source to its sinks, each of which may stand at another place in a
// stream: what a sink has already, it is not given again. Reader thread only.
class Distributor {
 public:
  // The sinks outlive it. `cursors[i]` is where sinks[i] stands, in streams of this source.
  Distributor(std::vector<SinkWorker*> sinks, std::vector<std::vector<StreamCursor>> cursors);

  // The cursor of the sink that stands first in the stream; null if one has none there: then the
  // stream is read from its beginning.
  const Cursor* StartOf(const StreamKey& stream) const;
  // The cursor of the sink that stands last; null if none knows the stream.
  const Cursor* NewestOf(const StreamKey& stream) const;
  // All streams that a sink knows.
  std::vector<StreamKey> Streams() const;

  // A sink that knows none of the streams, while others do, begins where the first of those
  // stands, not with the past. To be called once, before anything is read.
  void StartNewSinksAtOthers();

  size_t sinks() const { return sinks_.size(); }
  const std::string& SinkName(size_t sink) const { return sinks_[sink]->name(); }

  // Of streams that are shared with other processes: where the sink stands now in all those that
  // `concerns` names; what was known of them is not true any more.
  using Concerns = absl::FunctionRef<bool(const StreamKey&)>;
  void Learn(size_t sink, Concerns concerns, std::vector<StreamCursor> cursors);
  // In those the sink begins where the first of the others stands.
  void StartAtOthers(size_t sink, Concerns concerns);
  // The stream gets no more batches for now; when it comes back it begins at StartOf().
  void Rest(const StreamKey& stream);
  // And nothing is known of it any more.
  void Forget(const StreamKey& stream);

  // From now on TakeCommitted() has what the sinks have made durable of streams of which the key
  // begins with `prefix`; `wake` is called, on their threads, when there is something to be taken.
  // Once, before the sinks are started.
  void WatchCommits(const std::string& prefix, const std::function<void()>& wake);
  // StartOf(), NewestOf() and CommittedOf() tell of it from now on.
  void TakeCommitted();
  // Where the sink stands; null: not known.
  std::shared_ptr<const Cursor> CommittedOf(size_t sink, const StreamKey& stream) const;

  // All sinks have room.
  bool HasRoom() const;
  // Batches of the streams of one file: each sink commits its cursors in all of them, or in none.
  void Emit(std::span<const std::shared_ptr<const Batch>> batches);

  // How many batches each sink was given so far, and whether so many are delivered.
  std::vector<uint64_t> Given() const;
  bool HaveDelivered(const std::vector<uint64_t>& given) const;

 private:
  size_t FirstFor(size_t sink, const Batch& batch) const;

  struct Known {
    std::vector<std::shared_ptr<const Cursor>> cursors;  // by sink; null: none
  };
  // What the sinks' threads leave here. Outlives the distributor, if need be.
  struct Inbox {
    absl::Mutex mutex;
    std::vector<std::pair<size_t, Ledger::Moved>> moved ABSL_GUARDED_BY(mutex);
  };

  std::vector<SinkWorker*> sinks_;
  std::unordered_map<StreamKey, Known> streams_;
  std::shared_ptr<Inbox> inbox_;  // null: commits are not watched
};

}  // namespace sparktail
