#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "parsers/event.h"
#include "parsers/header.h"
#include "parsers/identity.h"
#include "parsers/progress.h"
#include "parsers/query_event.h"

namespace sparktail {

// What a query event says. Empty fields are left out.
struct QueryFacts {
  std::string_view phase;  // started, resumed, idle, stopped, terminated
  QueryIds ids;
  std::string_view checkpoint;
  std::string_view batch_id;
  bool has_error = false;
  ErrorText error;
  bool truncated = false;  // the stack was cut at max_event_bytes
};

// What a signal says.
struct SignalFacts {
  std::string_view rule;
  std::string_view severity;
  std::string_view message;
  std::string_view fields;  // a JSON object, complete
};

// Writes documents: the envelope that all kinds have in common, then what is theirs. One shape
// for every sink; see "The document" in docs/documents.md. Progress is spliced from Spark's own
// text, not rebuilt.
class DocumentWriter {
 public:
  // `facts` override what the log says of the same things.
  explicit DocumentWriter(const StreamFacts& facts);

  // The identity of the events that follow, as the log has it.
  void SetIdentity(const Identity& from_log);

  // Each appends one document and a newline to `out`. `timestamp` is in UTC, as ToUtc() gives it;
  // `offset` is that of the record's line.
  void WriteProgress(const EventId& id, const Progress& progress, uint64_t offset,
                     EventBuffer* out);
  void WriteQuery(const EventId& id, std::string_view timestamp, const QueryFacts& query,
                  const Header& header, uint64_t offset, EventBuffer* out);
  void WriteSignal(const EventId& id, std::string_view timestamp, const SignalFacts& signal,
                   const Header& header, uint64_t offset, EventBuffer* out);

 private:
  EventRef Begin(EventKind kind, const EventId& id, std::string_view timestamp, bool running,
                 bool valid_utf8, uint64_t offset, ByteBuffer* bytes) const;

  std::string environment_;
  Identity proven_;  // what the facts say
  // What all documents have in common, ready to be written; the first two change with the identity.
  std::string before_running_;
  std::string behind_running_;
  std::string before_offset_;
  std::string behind_offset_;
  bool valid_source_ = true;    // UTF-8 around the offset
  bool valid_identity_ = true;  // likewise around `running`
};

}  // namespace sparktail
