#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "parsers/document.h"
#include "parsers/event.h"
#include "parsers/header.h"
#include "parsers/identity.h"
#include "parsers/markers.h"
#include "parsers/padded_view.h"
#include "parsers/parser_context.h"
#include "parsers/parser_scratch.h"
#include "parsers/progress.h"

namespace sparktail {

struct ParserOptions {
  EventKinds kinds = EventKinds::All();  // events of other kinds are read, but not written
  size_t max_event_bytes = size_t{16} << 20;
  absl::TimeZone zone = absl::UTCTimeZone();  // of stamps that name no zone
  bool count_records = false;                 // slow: looks at every line
  bool hand_on_numbers = false;  // EventBuffer::numbers, for those who read events' values
};

// A record, or the part of it that matters. Views are valid during the call.
struct RecordText {
  std::string_view line;   // the first line, without its line end
  std::string_view rest;   // the text after that line; for traces only
  size_t marked = 0;       // bytes of the line up to the end of the marker's literal
  uint64_t offset = 0;     // of the line in the stream
  bool truncated = false;  // cut at max_event_bytes
};

// Turns complete records of one stream into events, and keeps in a ParserContext what it learns
// from them for later records. Not thread-safe.
class EventMaker {
 public:
  // `context` is the state that an earlier EventMaker of the stream left. `scratch` must outlive
  // this object.
  EventMaker(const ParserOptions& options, const StreamFacts& facts, ParserContext context,
             ParserScratch* scratch);

  // Sets the hash of the stream's first line, once it is known.
  void SetFirstLineHash(std::string_view hex);

  // True if the record's first line is the message that `marker` stands for.
  bool Accepts(Marker marker, const RecordText& record) const;

  // True if the record makes an event, Accepts() is true, and the first line ends as Spark's text
  // does, so that only its newline is missing.
  bool IsWhole(Marker marker, const RecordText& record) const;

  // Notes that a marker's words were found where they are not that message.
  void NoteRejected(Marker marker);

  // Returns where log4j's own text begins in the line, after the unfinished line of another writer.
  // nullopt if that is not provable.
  std::optional<size_t> FindOwnBegin(const RecordText& record) const;

  // Makes the event of a record for which Accepts() is true.
  void Make(Marker marker, const RecordText& record, EventBuffer* out);

  // Writes the event of a record with Spark's words before a JSON object, if that is a progress
  // event.
  ProgressCode MakeProgress(const RecordText& record, PaddedView json, EventBuffer* out);

  // Writes the signal about a progress event that could not be read. `reason` is one of
  // next_header, max_event_bytes, end_of_stream, malformed; `bytes` is how much of it was read.
  void MakeIncomplete(const RecordText& record, std::string_view reason, uint64_t bytes,
                      EventBuffer* out);

  const ParserContext& context() const { return context_; }
  // Changes whenever the context may have changed.
  uint32_t context_version() const { return context_version_; }
  ParserStats& stats() { return stats_; }
  const ParserStats& stats() const { return stats_; }

 private:
  // The parts of a record's first line.
  struct Line {
    Header header;
    std::string_view message;
    std::string_view after;  // the text after the marker's literal

    explicit Line(const RecordText& record);
  };

  bool CountEvent(EventKind kind);
  void LearnRun(const QueryIds& ids);
  bool LearnEnd(const QueryIds& ids);
  void LearnPrefix(std::string_view prefix);
  void LearnIdentity(Marker marker, const Line& line);
  void MakeQuery(const RecordText& record, const Header& header, const QueryFacts& query,
                 bool ids_in_record, EventBuffer* out);
  void MakeStart(const RecordText& record, const Line& line, EventBuffer* out);
  void MakeStop(const RecordText& record, const Line& line, EventBuffer* out);
  void MakeTermination(const RecordText& record, const Line& line, EventBuffer* out);
  QueryFacts AttributeQuery(std::string_view phase, const Header& header) const;
  std::string_view stream() const;

  ParserOptions options_;
  std::string proven_stream_;
  ParserContext context_;
  uint32_t context_version_ = 0;
  DocumentWriter writer_;
  ParserScratch* scratch_;
  ParserStats stats_;
};

}  // namespace sparktail
