#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
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

// What a source has to know of a sink to which it delivers.
struct SinkFacts {
  std::string name;
  std::optional<KafkaCommitPlace> commit_place;  // SinkKind::commit_place
};

// What any source is made from.
struct SourceParts {
  Os* os = nullptr;
  Log* log = nullptr;
  CursorStore* store = nullptr;                        // outlives the source
  const SourceConfiguration* configuration = nullptr;  // outlives the source
  std::string host;                                    // of the documents
  ParserOptions parser;
  std::unique_ptr<Output> output;  // where its batches go
  std::vector<SinkFacts> sinks;    // of the output
  int most_descriptors = 0;        // files that it may hold open
  // Sees all events that are handed on; may be empty.
  std::function<void(const EventBuffer&)> observe;
  std::function<void()> wake;  // gives the source a turn; any thread
};

// What the Pipeline asks of a source: to read, in turns, on the reader thread. A source waits for
// nothing: it says when it wants its next turn, and has a descriptor that becomes readable when
// there is something to do before that.
//
// All is for the reader thread, but for what is said otherwise. The sinks outlive a source.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  // Once, before all else. An error ends the process: what may pass is none.
  virtual absl::Status Open() = 0;

  // Reads what there is to read, for a bounded time, as long as all its sinks have room. Returns
  // when it wants to be called again: then, or when wake_fd() is readable, or when a sink has room.
  virtual absl::Time Turn() = 0;
  // -1: none.
  virtual int wake_fd() const = 0;
  // Why nothing more can be read, which it has said: the process ends with an error.
  virtual absl::Status failure() const { return absl::OkStatus(); }

  // For `--until-exit`. What is known of the end may be old: AtEnd() is false until it was looked
  // for again.
  virtual void LookAgain() = 0;
  // All that is there is read, as far as is known.
  virtual bool AtEnd() const = 0;
  // What was read says that the driver has exited, and nobody writes any more.
  virtual bool HasExited() const = 0;
  // No more is read: all streams end.
  virtual void EndAll() = 0;

  // Batches that only move cursors are held back for a while: hands on what there is. Nothing is
  // read after it.
  virtual void HandOnAll() = 0;
  // The sinks work off what they have; called now and then meanwhile.
  virtual void Tend() {}
  // They have ended. May wait for some seconds.
  virtual void Close() {}

  // What a transaction of this sink that stores these cursors has to commit for a consumer group:
  // nothing, if the source is no member of one that the sink's cluster has. kUnavailable: the
  // transaction must not be committed, for the group has given what is in it to another member;
  // what is written again will be without it. Any thread.
  virtual absl::StatusOr<std::optional<GroupOffsets>> OffsetsOf(
      const std::string& /*sink*/, std::span<const StreamCursor> /*cursors*/) const {
    return std::nullopt;
  }

  // Those that are followed: their cursors must not expire.
  virtual std::vector<StreamKey> Streams() const = 0;

  // Of all streams, those that have ended included.
  virtual ParserStats parsed() const = 0;
  // Any thread. All but `parsed`, as of a second ago at most.
  virtual SourceStatus status() const = 0;
};

}  // namespace sparktail
