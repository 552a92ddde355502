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
  absl::TimeZone zone = absl::UTCTimeZone();  // of stamps that name none
  bool count_records = false;                 // costs a look at every line
};

// A record, or the part of it that matters. Views are valid during the call.
struct RecordText {
  std::string_view line;   // its first line, without the line's end
  std::string_view rest;   // what follows that line; of traces only
  size_t marked = 0;       // bytes of the line up to the end of the marker's literal
  uint64_t offset = 0;     // of the line in the stream
  bool truncated = false;  // cut at max_event_bytes
};

// Turns complete records of one stream into events, and learns from them what later ones need.
// Not for several threads.
class EventMaker {
 public:
  // Only the context is taken from an earlier life. `scratch` outlives this.
  EventMaker(const ParserOptions& options, const StreamFacts& facts, ParserContext context,
             ParserScratch* scratch);

  // The hash of the stream's first line became known.
  void SetFirstLineHash(std::string_view hex);

  // True if the record's first line is what `marker` stands for. Changes nothing.
  bool Accepts(Marker marker, const RecordText& record) const;

  // True if the record makes an event, Accepts() is true, and its first line lacks nothing but its
  // newline: Spark's text ends as this one does.
  bool IsWhole(Marker marker, const RecordText& record) const;

  // A marker's words stand where they are no message, or in another one.
  void Refuse(Marker marker);

  // Where log4j's own text begins in the line: behind what another writer left there without its
  // end. Nothing if that can't be told.
  std::optional<size_t> OwnBegin(const RecordText& record) const;

  // A record that Accepts() has let pass.
  void Make(Marker marker, const RecordText& record, EventBuffer* out);

  // A record with Spark's words before a JSON object. If it is a progress event, it is written.
  ProgressCode MakeProgress(const RecordText& record, PaddedView json, EventBuffer* out);

  // A progress event that could not be read; `reason` is one of next_header, max_event_bytes,
  // end_of_stream, malformed, `bytes` what was read of it.
  void MakeIncomplete(const RecordText& record, std::string_view reason, uint64_t bytes,
                      EventBuffer* out);

  const ParserContext& context() const { return context_; }
  // Another number whenever the context may have changed.
  uint32_t context_version() const { return context_version_; }
  ParserStats& stats() { return stats_; }
  const ParserStats& stats() const { return stats_; }

 private:
  // The parts of a record's first line.
  struct Line {
    Header header;
    std::string_view message;
    std::string_view after;  // the marker's literal

    explicit Line(const RecordText& record);
  };

  bool Counts(EventKind kind);
  void LearnRun(const QueryIds& ids);
  bool LearnEnd(const QueryIds& ids);
  void LearnPrefix(std::string_view prefix);
  void LearnIdentity(Marker marker, const Line& line);
  void MakeQuery(const RecordText& record, const Header& header, const QueryFacts& query,
                 bool ids_in_record, EventBuffer* out);
  void MakeStart(const RecordText& record, const Line& line, EventBuffer* out);
  void MakeStop(const RecordText& record, const Line& line, EventBuffer* out);
  void MakeTermination(const RecordText& record, const Line& line, EventBuffer* out);
  QueryFacts OfThreadOrOnlyQuery(std::string_view phase, const Header& header) const;
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
