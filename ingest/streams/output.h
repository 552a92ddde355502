#pragma once

#include <absl/functional/function_ref.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ingest/streams/batch.h"
#include "offsets/cursor.h"

namespace sparktail {

// Where a source gives its batches, and where it learns how far its sinks are. A source knows
// nothing else of delivery. Each sink may stand at another place in a stream; it is not given what
// it has already.
//
// Reader thread only. Cursors that are pointed to live until the next call that changes them:
// Learn(), StartAtOthers(), StartNewSinksAtOthers(), Forget() and TakeCommitted().
class Output {
 public:
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  virtual ~Output() = default;

  // ------------------------------------------------------------ batches

  // All sinks have room.
  virtual bool HasRoom() const = 0;
  // Each sink commits the cursors of all these batches together, or none of them.
  virtual void Emit(std::span<const std::shared_ptr<const Batch>> batches) = 0;

  // How many batches each sink was given so far, and whether each has delivered that many.
  virtual std::vector<uint64_t> Given() const = 0;
  virtual bool HaveDelivered(const std::vector<uint64_t>& given) const = 0;

  // ------------------------------------------------------------ cursors

  // The cursor of the sink that stands first in the stream; null if one has none there: then the
  // stream is read from its beginning.
  virtual const Cursor* StartOf(const StreamKey& stream) const = 0;
  // The cursor of the sink that stands last; null if none knows the stream.
  virtual const Cursor* NewestOf(const StreamKey& stream) const = 0;
  // All streams that a sink knows.
  virtual std::vector<StreamKey> Streams() const = 0;

  // A sink that knows none of the streams, while others do, begins where the first of those
  // stands, not with the past. Once, before anything is read.
  virtual void StartNewSinksAtOthers() = 0;

  // ------------------------------------------------------------ streams shared with other
  // processes

  virtual size_t sinks() const = 0;
  virtual const std::string& SinkName(size_t sink) const = 0;

  using Concerns = absl::FunctionRef<bool(const StreamKey&)>;
  // Where the sink stands now in all streams that `concerns` names; what was known of them is no
  // longer true.
  virtual void Learn(size_t sink, Concerns concerns, std::vector<StreamCursor> cursors) = 0;
  // In those the sink begins where the first of the others stands.
  virtual void StartAtOthers(size_t sink, Concerns concerns) = 0;
  // Forgets where the sinks stand in the stream.
  virtual void Forget(const StreamKey& stream) = 0;

  // From now on TakeCommitted() has what the sinks have made durable of streams whose key begins
  // with `prefix`. `wake` is called on the sinks' threads when there is something to take. Once,
  // before the sinks are started.
  virtual void WatchCommits(const std::string& prefix, const std::function<void()>& wake) = 0;
  // StartOf(), NewestOf() and CommittedOf() know of it from now on.
  virtual void TakeCommitted() = 0;
  // Where the sink stands; null: not known.
  virtual std::shared_ptr<const Cursor> CommittedOf(size_t sink, const StreamKey& stream) const = 0;
};

}  // namespace sparktail
