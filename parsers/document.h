#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "parsers/event.h"
#include "parsers/header.h"
#include "parsers/identity.h"
#include "parsers/progress.h"
#include "parsers/query_event.h"

namespace sparktail {

// The content of a query event. Empty fields are omitted from the document.
struct QueryFacts {
  std::string_view phase;  // started, resumed, idle, stopped, terminated
  QueryIds ids;
  std::string_view checkpoint;
  std::string_view batch_id;
  bool has_error = false;
  ErrorText error;
  bool truncated = false;  // the stack was cut at max_event_bytes
};

// The content of a signal.
struct SignalFacts {
  std::string_view rule;
  std::string_view severity;
  std::string_view message;
  std::string_view fields;  // a JSON object, complete
};

// A document without its envelope.
struct EventBody {
  EventKind kind = EventKind::kApp;
  EventId id{};
  std::string_view timestamp;  // in UTC, as Spark prints it; empty: none
  bool running = true;
  bool valid_utf8 = true;    // in the log
  std::string_view members;  // of the kind, each after a comma (JsonWriter::Continue)
};

// Writes documents: the envelope that all kinds have in common, then the members of the kind. All
// sinks get the same document; docs/documents.md defines it. The metrics of progress are Spark's
// own text, not rebuilt.
class DocumentWriter {
 public:
  // `facts` override the identity that the log states. `hand_on_numbers`: documents of progress
  // have their ProgressNumbers beside them.
  explicit DocumentWriter(const StreamFacts& facts, bool hand_on_numbers = false);

  // Sets the identity that the log states for the following events.
  void SetIdentity(const Identity& from_log);

  // Each appends one document and a newline to `out`. `timestamp` is in UTC, as ToUtc() returns it;
  // `offset` is the offset of the record's first line in the stream.
  void WriteProgress(const EventId& id, const Progress& progress, uint64_t offset,
                     EventBuffer* out);
  void WriteQuery(const EventId& id, std::string_view timestamp, const QueryFacts& query,
                  const Header& header, uint64_t offset, EventBuffer* out);
  void WriteSignal(const EventId& id, std::string_view timestamp, const SignalFacts& signal,
                   const Header& header, uint64_t offset, EventBuffer* out);
  // Writes an event of any kind. Documents of kinds that do not come from logs have no offset.
  void Write(const EventBody& body, uint64_t offset, EventBuffer* out) const;

 private:
  EventRef Begin(EventKind kind, const EventId& id, std::string_view timestamp, bool running,
                 bool valid_utf8, uint64_t offset, ByteBuffer* bytes) const;

  std::string environment_;
  Identity proven_;                            // from the facts
  std::shared_ptr<const EventOrigin> origin_;  // null if no numbers are handed on
  // Parts that all documents have in common, ready to be written. The first two change with the
  // identity.
  std::string before_running_;
  std::string after_running_;
  std::string before_offset_;
  std::string after_offset_;
  size_t source_size_ = 0;      // bytes of before_offset_ that do not belong to the offset
  bool valid_source_ = true;    // the parts around the offset were valid UTF-8
  bool valid_identity_ = true;  // the parts around `running` were valid UTF-8
};

}  // namespace sparktail
