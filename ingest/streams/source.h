#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ingest/base/log.h"
#include "ingest/base/os.h"
#include "ingest/kafka/group_offsets.h"
#include "ingest/streams/output.h"
#include "ingest/streams/source_kind.h"
#include "ingest/streams/source_status.h"
#include "offsets/cursor.h"
#include "offsets/cursor_store.h"
#include "parsers/event.h"
#include "parsers/event_maker.h"

namespace sparktail {

// The facts about a sink that a source which delivers to it needs.
struct SinkFacts {
  std::string name;
  std::optional<KafkaCommitPlace> commit_place;  // SinkKind::commit_place
};

// The parts from which every source is created.
struct SourceParts {
  Os* os = nullptr;
  Log* log = nullptr;
  CursorStore* store = nullptr;                        // outlives the source
  const SourceConfiguration* configuration = nullptr;  // outlives the source
  std::string host;                                    // of this machine, for the documents
  ParserOptions parser;
  std::unique_ptr<Output> output;  // takes its batches
  std::vector<SinkFacts> sinks;    // of `output`
  int most_descriptors = 0;        // limit of open files
  // Called with all events that are emitted; may be empty.
  std::function<void(const EventBuffer&)> observe;
  std::function<void()> wake;  // requests a turn of the source; any thread
};

// Reads streams and emits batches of events, in turns on the reader thread. A source never blocks:
// it returns the time of its next turn, and has a descriptor that becomes readable when there is
// something to do earlier.
//
// Reader thread only, except where stated otherwise. The sinks outlive a source.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  // Called once, before everything else. An error ends the process, so temporary trouble must not
  // be returned as one.
  virtual absl::Status Open() = 0;

  // Reads available input for a bounded time, as long as all its sinks have room. Returns when it
  // wants to be called again; it is also called when wake_fd() is readable or a sink has room
  // again.
  virtual absl::Time Turn() = 0;
  // A descriptor that is readable when a turn is due; -1: none.
  virtual int wake_fd() const { return -1; }
  // An error after which nothing can be read; the source has logged it. It ends the process.
  virtual absl::Status failure() const { return absl::OkStatus(); }

  // For `--until-exit`: AtEnd() is false until the source has looked again for new input.
  virtual void LookAgain() = 0;
  // True if all input that is known to exist has been read.
  virtual bool AtEnd() const = 0;
  // True if the input proves that the driver has exited, and nothing is written any longer.
  virtual bool HasExited() const { return false; }
  // Ends all streams. Nothing is read afterwards.
  virtual void EndAll() = 0;

  // Emits the batches that only move cursors, which are otherwise held back for a while. Nothing is
  // read afterwards.
  virtual void HandOnAll() = 0;
  // Called now and then after HandOnAll(), while the sinks deliver what they have.
  virtual void Tend() {}
  // Called when the sinks have stopped. May block for some seconds.
  virtual void Close() {}

  // The offsets of a consumer group that a transaction of this sink must commit together with these
  // cursors. Empty if the source is not a member of a group in the sink's cluster. kUnavailable:
  // the transaction must not be committed, because the group has given its partitions to another
  // member; the sink's retry will be without them. Any thread.
  virtual absl::StatusOr<std::optional<GroupOffsets>> OffsetsOf(
      const std::string& /*sink*/, std::span<const StreamCursor> /*cursors*/) const {
    return std::nullopt;
  }

  // The streams that are followed: their cursors must not expire.
  virtual std::vector<StreamKey> Streams() const = 0;

  // The sum over all streams, including ended ones.
  virtual ParserStats parsed() const = 0;
  // All members except `name`, `kind` and `parsed`.
  virtual SourceStatus status() const = 0;
};

// `SourceKind::make` of the kind whose class is S.
template <typename S>
std::unique_ptr<Source> MakeSource(SourceParts parts) {
  return std::make_unique<S>(std::move(parts));
}

}  // namespace sparktail
