#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "parsers/event.h"
#include "parsers/event_maker.h"
#include "parsers/header_search.h"
#include "parsers/identity.h"
#include "parsers/json_extent.h"
#include "parsers/literal_scanner.h"
#include "parsers/markers.h"
#include "parsers/padded_view.h"
#include "parsers/parser_context.h"
#include "parsers/parser_scratch.h"
#include "parsers/window.h"

namespace sparktail {

// A place in a stream from which a new parser makes the same documents from the same records: the
// start of a record, and the context learnt from the records before it.
//
// After offset 0 the context must have the hash of the stream's first line. The positions that a
// parser returns have it; FirstLineHash computes it. Without the hash no event is lost or doubled,
// but the line at `offset` counts as the first one, so events that name no ids of their own get
// other ids than when the whole stream is read.
struct ParsePosition {
  uint64_t offset = 0;
  ParserContext context;
};

// Reads the records of one stream and makes events of those that matter. It does not examine the
// others, not even for their line ends: it searches for the texts of markers.h, and only around a
// hit does it look for the header before and the end of the record after.
//
// The result does not depend on how the stream is cut into windows.
//
// The end of a record is
//   - for one line: its newline;
//   - for progress: the closing brace of its JSON (strings respected). The event is given up, with
//     a signal, at the next header, at max_event_bytes, or at the end of the stream. Before that,
//     text of other writers is lifted out where that is provable (foreign_text.h);
//   - for a trace: the next header, or the end of the stream;
//   - for a trace or one line also: a while without more bytes (see Expire()).
//
// Uses about 2 KiB, plus the memory of the context and of an unfinished record; everything else is
// in the scratch. Not thread-safe. The parser keeps no view of a window after the call.
class LogParser {
 public:
  // `scratch` must outlive the parser, and only parsers of the same thread may use it.
  LogParser(const ParserOptions& options, const StreamFacts& facts, ParserScratch* scratch,
            const ParsePosition& from = {});

  // Reads `window`, which begins at offset(), and appends events to `out`. Returns the number of
  // bytes at the window's front that are no longer needed; the next window begins after them, and
  // must be longer than the rest. `last`: the stream ends with this window; make no further call.
  size_t Parse(PaddedView window, bool last, EventBuffer* out);

  // Call this when the stream has been silent for so long that an open record can be taken as
  // complete. The window holds the whole stream from offset() on. Otherwise like Parse(). Ends the
  // open record if it is
  //   - a trace: after its last complete line, because the text after that may become a header;
  //   - a line that lacks nothing but its newline (EventMaker::IsWhole()).
  // It never ends progress.
  //
  // position() is then after the record. If more of the record comes after all, it makes no second
  // event, not even in a parser that resumes from there; this parser counts it in late_lines.
  size_t Expire(PaddedView window, EventBuffer* out);

  // True if Expire() may end a record. False after Expire() has found an open line that is not
  // whole, until more of that line has come.
  bool CanExpire() const {
    return state_ == State::kTrace || (state_ == State::kLine && !open_.is_part);
  }

  // True if the start of a record that matters has been read, but not its end.
  bool has_open_record() const { return state_ != State::kSearch; }

  uint64_t offset() const { return offset_; }

  // Everything before this position is settled: its events, if any, are in `out`. Copies the
  // context.
  ParsePosition position() const { return {settled_, maker_.context()}; }
  // The parts of position(), without a copy.
  uint64_t settled() const { return settled_; }
  const ParserContext& context() const { return maker_.context(); }

  // Changes whenever the context of position() may have changed, so that callers need not serialize
  // an unchanged one.
  uint32_t context_version() const { return maker_.context_version(); }

  const ParserStats& stats() const { return maker_.stats(); }

 private:
  enum class State : uint8_t { kSearch, kLine, kTrace, kProgress, kBrokenProgress };

  // The record that is being read, in all states but kSearch. Numbers are offsets in the stream.
  struct Open {
    const MarkerRule* rule = nullptr;
    uint64_t begin = 0;      // of its first line
    uint64_t anchor = 0;     // of the marker's hit
    uint64_t scanned = 0;    // the record does not end before here
    uint64_t marked = 0;     // just after the marker's literal
    uint64_t line_end = 0;   // the newline of its first line, or the end of the search for it
    uint64_t json = 0;       // the opening brace
    JsonExtent extent;       // has followed the braces so far
    uint64_t json_end = 0;   // just after the closing brace; 0: not found yet
    bool malformed = false;  // the text between the braces is not JSON
    bool is_part = false;    // the bytes so far of its line are not a whole line
    HeaderSearch headers;
  };

  enum class GiveUpReason : uint8_t { kMalformed, kNextHeader, kMaxEventBytes, kEndOfStream };

  // A part of the stream in which a search found nothing.
  struct Searched {
    uint64_t begin = 0;
    uint64_t end = 0;

    // Returns where a search of [from, to) may begin.
    uint64_t Skip(uint64_t from, uint64_t to) const {
      return begin <= to && from <= end ? std::clamp(end, from, to) : from;
    }
    // Adds [from, to); forgets the earlier part if the two do not touch.
    void Add(uint64_t from, uint64_t to) {
      if (begin > from || from > end) begin = from;
      end = to;
    }
  };

  size_t Read(const Window& window, bool expired, EventBuffer* out);
  bool ReadFirstLine(const Window& window);
  size_t Advance(const Window& window, uint64_t to);

  // Each step returns false if it needs a later window.
  bool Step(const Window& window, EventBuffer* out);
  bool Search(const Window& window);
  bool FinishLine(const Window& window, EventBuffer* out);
  bool FinishTrace(const Window& window, EventBuffer* out);
  bool FinishProgress(const Window& window, EventBuffer* out);
  bool FinishBrokenProgress(const Window& window, EventBuffer* out);

  bool EndOpenRecord(const Window& window, EventBuffer* out);
  void CountLateLines(const Window& window);

  bool OpenRecord(const Window& window, const MarkerRule& rule, uint64_t begin, uint64_t anchor);
  void BreakProgress();
  bool FollowBraces(const Window& window, EventBuffer* out);
  bool LiftForeign(const Window& window, uint64_t end, EventBuffer* out);
  uint64_t FindFirstLineEnd(const Window& window);
  void GiveUp(const Window& window, GiveUpReason reason, uint64_t at, EventBuffer* out);
  void Reject();
  void Settle(uint64_t end);
  void SettleProgress(const Window& window, uint64_t json_end);

  bool HasStamp(const Window& window, uint64_t from, uint64_t to);
  uint64_t FindLineBegin(const Window& window, uint64_t at);
  uint64_t Limit() const { return open_.begin + max_event_bytes_; }
  RecordText Record(const Window& window, uint64_t line_end) const;
  uint64_t Needed(const Window& window) const;
  void SettleNoise(const Window& window);
  void CountRecords(const Window& window);

  size_t max_event_bytes_;
  bool count_records_;
  EventMaker maker_;
  FirstLineHash first_line_;
  ParserScratch* scratch_;

  State state_ = State::kSearch;
  Open open_;
  uint64_t offset_ = 0;      // of the next window
  uint64_t first_text_ = 0;  // start of the first line's text, after a hole
  uint64_t hashed_ = 0;      // the first line was read up to here
  uint64_t floor_ = 0;       // the earliest byte that can belong to the next record
  uint64_t search_ = 0;      // hits with an anchor before here are done
  uint64_t settled_ = 0;
  // Keep a line with many markers from being searched many times for its start and its stamp.
  Searched lineless_;   // no line ends in it
  Searched stampless_;  // no stamp begins in it
  uint64_t noise_ = 0;  // SettleNoise() has examined the lines before here
  HeaderSearch counter_;
  // The lines after an expired record, up to the next header.
  bool after_expired_ = false;
  HeaderSearch late_;
  uint64_t late_line_ = 0;  // the first line that is not counted yet
};

}  // namespace sparktail
