#pragma once

#include <memory>
#include <span>
#include <string>
#include <unordered_map>
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

  // All sinks have room.
  bool HasRoom() const;
  // Batches of the streams of one file: each sink commits its cursors in all of them, or in none.
  void Emit(std::span<const std::shared_ptr<const Batch>> batches);

 private:
  size_t FirstFor(size_t sink, const Batch& batch) const;

  struct Known {
    std::vector<std::unique_ptr<Cursor>> cursors;  // by sink; null: none
  };

  std::vector<SinkWorker*> sinks_;
  std::unordered_map<StreamKey, Known> streams_;
};

}  // namespace sparktail
