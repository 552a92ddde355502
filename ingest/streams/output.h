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

// A source's only view of delivery: it takes the source's batches and returns the cursors of its
// sinks. The sinks may have different cursors in a stream; no sink gets what it already has.
//
// Reader thread only. Pointers to cursors are valid until the next call that changes cursors:
// Learn(), StartAtOthers(), StartNewSinksAtOthers(), Forget() and TakeCommitted().
class Output {
 public:
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  virtual ~Output() = default;

  // ------------------------------------------------------------ batches

  // True if all sinks have room.
  virtual bool HasRoom() const = 0;
  // Gives the batches to the sinks. Each sink commits the cursors of all of them together.
  virtual void Emit(std::span<const std::shared_ptr<const Batch>> batches) = 0;

  // The number of batches that each sink has been given so far, and a test whether each sink has
  // delivered that many.
  virtual std::vector<uint64_t> Given() const = 0;
  virtual bool HaveDelivered(const std::vector<uint64_t>& given) const = 0;

  // ------------------------------------------------------------ cursors

  // The earliest cursor of the sinks in the stream. Null if a sink has none, so the stream must be
  // read from its beginning.
  virtual const Cursor* StartOf(const StreamKey& stream) const = 0;
  // The latest cursor of the sinks in the stream; null if no sink has one.
  virtual const Cursor* NewestOf(const StreamKey& stream) const = 0;
  // All streams in which a sink has a cursor.
  virtual std::vector<StreamKey> Streams() const = 0;

  // A sink without any cursor, while other sinks have some, starts at the earliest cursors of
  // those, not with the past. Called once, before anything is read.
  virtual void StartNewSinksAtOthers() = 0;

  // ------------------------------------------------------------ streams shared with other
  // processes

  virtual size_t sinks() const = 0;
  virtual const std::string& SinkName(size_t sink) const = 0;

  using Concerns = absl::FunctionRef<bool(const StreamKey&)>;
  // Replaces the sink's cursors in all streams that `concerns` selects.
  virtual void Learn(size_t sink, Concerns concerns, std::vector<StreamCursor> cursors) = 0;
  // Makes the sink start at the earliest cursor of the other sinks in these streams.
  virtual void StartAtOthers(size_t sink, Concerns concerns) = 0;
  // Drops the cursors of the stream.
  virtual void Forget(const StreamKey& stream) = 0;

  // From now on TakeCommitted() takes what the sinks have made durable in the streams of `source`.
  // `wake` is called on the sinks' threads when there is something to take. Called
  // once, before the sinks are started.
  virtual void WatchCommits(const std::string& source, const std::function<void()>& wake) = 0;
  // Updates StartOf(), NewestOf() and CommittedOf() with the cursors committed since the last call.
  virtual void TakeCommitted() = 0;
  // The last committed cursor of the sink; null: not known.
  virtual std::shared_ptr<const Cursor> CommittedOf(size_t sink, const StreamKey& stream) const = 0;
};

}  // namespace sparktail
