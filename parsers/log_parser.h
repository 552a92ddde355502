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

// A place in a stream from which a new parser makes the same documents of the same records:
// the start of a record, and what was learnt from the records before it.
//
// Behind offset 0 the context has the hash of the stream's first line (a position that a parser
// gave has it; FirstLineHash makes one). Without it nothing is lost or doubled, but the line at
// `offset` counts as the first one, and events that name no ids of their own get other ids than in
// a reading of the whole stream.
struct ParsePosition {
  uint64_t offset = 0;
  ParserContext context;
};

// Reads the records of one stream and makes events of those that matter. It does not look at
// the others, not even for their line ends: it searches for the texts of markers.h, and only
// around a hit for the header before and for the end of the record behind.
//
// The outcome does not depend on how the stream is cut into windows.
//
// Where a record ends:
//   - one line: at its newline;
//   - progress: where the braces of its JSON end (strings respected); given up, with a signal, at
//     the next header, at max_event_bytes, or at the end of the stream. Before that, text of
//     other writers is lifted out where that is provable (foreign_text.h);
//   - a trace: at the next header, or at the end of the stream;
//   - a trace or one line: also when nothing more came for a while, which Expire() says.
//
// Costs about 2 KiB, and what the context and an unfinished record need: all else is in the
// scratch. Not for several threads. A window's bytes are not needed after the call.
class LogParser {
 public:
  // The scratch outlives the parser, and is used by parsers of the same thread only.
  LogParser(const ParserOptions& options, const StreamFacts& facts, ParserScratch* scratch,
            const ParsePosition& from = {});

  // Reads `window`, whose first byte is the one at offset(), and appends events to `out`. Returns
  // how many bytes of its front are done with; the next window begins behind them. It must be
  // longer than the rest, unless the stream ends (`last`), after which there is no other call.
  size_t Parse(PaddedView window, bool last, EventBuffer* out);

  // The stream has been silent for so long that no more of an open record is to be expected; the
  // window holds all of it from offset() on. Otherwise like Parse(). Ends the open record if it is
  //   - a trace: with the last complete line. What follows that may still become a header;
  //   - a line that lacks nothing but its newline (EventMaker::IsWhole()).
  // Progress is never ended by it.
  //
  // position() is then behind the record. Should more of it come after all, it makes no second
  // event, for a parser that goes on from there neither; this one counts it as late_lines.
  size_t Expire(PaddedView window, EventBuffer* out);

  // Whether Expire() may end something. False after it has looked at an open line that is not
  // whole, until more of that line has come.
  bool CanExpire() const {
    return state_ == State::kTrace || (state_ == State::kLine && !open_.is_part);
  }

  // The beginning of a record that matters has been read, and its end has not.
  bool has_open_record() const { return state_ != State::kSearch; }

  uint64_t offset() const { return offset_; }

  // Everything before it is settled: its events are in `out`, or it had none. Copies the context.
  ParsePosition position() const { return {settled_, maker_.context()}; }
  // The parts of position(), without a copy.
  uint64_t settled() const { return settled_; }
  const ParserContext& context() const { return maker_.context(); }

  // Another number whenever the context of position() may have changed, so that it need not be
  // written out each time.
  uint32_t context_version() const { return maker_.context_version(); }

  const ParserStats& stats() const { return maker_.stats(); }

 private:
  enum class State : uint8_t { kSearch, kLine, kTrace, kProgress, kBrokenProgress };

  // The record that is being read, in all states but kSearch.
  struct Open {
    const MarkerRule* rule = nullptr;
    uint64_t begin = 0;      // of its line
    uint64_t anchor = 0;     // of the marker's hit
    uint64_t scanned = 0;    // no end was found before here
    uint64_t marked = 0;     // behind the marker's literal
    uint64_t line_end = 0;   // the newline of its first line, or how far that was searched for
    uint64_t json = 0;       // the opening brace
    JsonExtent extent;       // how far the braces were followed
    uint64_t json_end = 0;   // behind the closing brace; 0: not found yet
    bool malformed = false;  // what the braces enclose is no JSON
    bool is_part = false;    // its line is not whole, as far as it was read
    HeaderSearch headers;
  };

  enum class GiveUpReason : uint8_t { kMalformed, kNextHeader, kMaxEventBytes, kEndOfStream };

  // A part of the stream that was searched in vain.
  struct Searched {
    uint64_t begin = 0;
    uint64_t end = 0;

    // Where a search of [from, to) may begin.
    uint64_t Skip(uint64_t from, uint64_t to) const {
      return begin <= to && from <= end ? std::clamp(end, from, to) : from;
    }
    // [from, to) is searched, and so is what was known if it touches that.
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
  uint64_t FirstLineEnd(const Window& window);
  void GiveUp(const Window& window, GiveUpReason reason, uint64_t at, EventBuffer* out);
  void Reject();
  void Settle(uint64_t end);
  void SettleProgress(const Window& window, uint64_t json_end);

  bool HasStamp(const Window& window, uint64_t from, uint64_t to);
  uint64_t LineBegin(const Window& window, uint64_t at);
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
  uint64_t first_text_ = 0;  // where the first line's text begins, behind a hole
  uint64_t hashed_ = 0;      // the first line was read up to here
  uint64_t floor_ = 0;       // the earliest byte that can belong to the next record
  uint64_t search_ = 0;      // hits whose anchor is before here are dealt with
  uint64_t settled_ = 0;
  // Many markers in one line do not make many searches for where it and its header begin.
  Searched lineless_;   // no line ends in it
  Searched stampless_;  // no stamp begins in it
  uint64_t noise_ = 0;  // lines before here were looked at by SettleNoise
  HeaderSearch counter_;
  // What follows an expired record, until the next header.
  bool behind_expired_ = false;
  HeaderSearch late_;
  uint64_t late_line_ = 0;  // the first line that is not counted yet
};

}  // namespace sparktail
