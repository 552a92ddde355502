#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <string_view>

#include "parsers/document.h"
#include "parsers/event.h"
#include "parsers/header.h"
#include "parsers/identity.h"
#include "parsers/markers.h"
#include "parsers/padded_view.h"
#include "parsers/parser_context.h"
#include "parsers/progress.h"

namespace sparktail {

struct ParserOptions {
  EventKinds kinds = EventKinds::All();  // events of other kinds are read, but not written
  size_t max_event_bytes = size_t{16} << 20;
  absl::TimeZone zone = absl::UTCTimeZone();  // of stamps that name none
  bool count_records = false;                 // costs a look at every line
};

// A record, or the part of it that matters. Views are valid during the call.
struct RecordText {
  std::string_view line;   // its first line, without the line's end
  std::string_view rest;   // what follows that line; of traces only
  uint64_t offset = 0;     // of the line in the stream
  bool truncated = false;  // cut at max_event_bytes
};

// Turns complete records of one stream into events, and learns from them what later ones need.
class EventMaker {
 public:
  // Only the context is taken from an earlier life.
  EventMaker(const ParserOptions& options, StreamFacts facts, ParserContext context);

  // The hash of the stream's first line became known.
  void SetFirstLineHash(std::string_view hex) { context_.first_line_hash = hex; }

  // True if the record's first line is what `marker` stands for. Changes nothing.
  bool Accepts(Marker marker, std::string_view line) const;

  // A record that Accepts() has let pass.
  void Make(Marker marker, const RecordText& record, EventBuffer* out);

  // A record with Spark's words before a JSON object. If it is a progress event, it is written.
  ProgressCode MakeProgress(const RecordText& record, PaddedView json, EventBuffer* out);

  // A progress event that could not be read; `reason` is one of next_header, max_event_bytes,
  // end_of_stream, malformed, `bytes` what was read of it.
  void MakeIncomplete(const RecordText& record, std::string_view reason, uint64_t bytes,
                      EventBuffer* out);

  const ParserContext& context() const { return context_; }
  ParserStats& stats() { return stats_; }
  const ParserStats& stats() const { return stats_; }

 private:
  struct Message;

  bool Counts(EventKind kind);
  void LearnRun(const QueryIds& ids);
  void LearnContainer(std::string_view prefix);
  void LearnIdentity(Marker marker, const Message& message);
  void MakeQuery(const RecordText& record, const Message& message, const QueryFacts& query,
                 bool ids_in_record, EventBuffer* out);
  QueryFacts WithThreadOrOnlyQuery(std::string_view phase, const Header& header,
                                   bool* ids_in_record) const;
  std::string_view stream() const;

  ParserOptions options_;
  StreamFacts facts_;
  ParserContext context_;
  DocumentWriter writer_;
  ProgressReader reader_;
  ParserStats stats_;
};

}  // namespace sparktail
