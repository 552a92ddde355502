#pragma once

#include <absl/base/thread_annotations.h>
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

#include "ingest/delivery/sink_worker.h"
#include "ingest/streams/batch.h"
#include "ingest/streams/output.h"
#include "offsets/cursor.h"

namespace sparktail {

// The Output of one source. Gives each sink the events that it does not have yet. Only the reader
// thread calls it.
class Distributor : public Output {
 public:
  // The sinks outlive it. `cursors[i]` are the cursors of sinks[i] in the streams of this source.
  Distributor(std::vector<SinkWorker*> sinks, std::vector<std::vector<StreamCursor>> cursors);

  bool HasRoom() const override;
  void Emit(std::span<const std::shared_ptr<const Batch>> batches) override;
  std::vector<uint64_t> Given() const override;
  bool HaveDelivered(const std::vector<uint64_t>& given) const override;

  const Cursor* StartOf(const StreamKey& stream) const override;
  const Cursor* NewestOf(const StreamKey& stream) const override;
  std::vector<StreamKey> Streams() const override;
  void StartNewSinksAtOthers() override;

  size_t sinks() const override { return sinks_.size(); }
  const std::string& SinkName(size_t sink) const override { return sinks_[sink]->name(); }
  void Learn(size_t sink, Concerns concerns, std::vector<StreamCursor> cursors) override;
  void StartAtOthers(size_t sink, Concerns concerns) override;
  void Forget(const StreamKey& stream) override;
  void WatchCommits(const std::string& source, const std::function<void()>& wake) override;
  void TakeCommitted() override;
  std::shared_ptr<const Cursor> CommittedOf(size_t sink, const StreamKey& stream) const override;

 private:
  size_t FirstFor(size_t sink, const Batch& batch) const;

  struct Known {
    std::vector<std::shared_ptr<const Cursor>> cursors;  // by sink; null if it has none
  };
  // New cursors, from the sinks' threads. Those share it, so it may outlive the distributor.
  struct Inbox {
    absl::Mutex mutex;
    std::vector<std::pair<size_t, StreamMoved>> moved ABSL_GUARDED_BY(mutex);
  };

  std::vector<SinkWorker*> sinks_;
  std::unordered_map<StreamKey, Known> streams_;
  std::shared_ptr<Inbox> inbox_;  // null if commits are not watched
};

}  // namespace sparktail
