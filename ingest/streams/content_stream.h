#pragma once

#include <absl/functional/function_ref.h>
#include <absl/time/time.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "ingest/base/os.h"
#include "ingest/streams/batch.h"
#include "ingest/streams/noise_timer.h"
#include "ingest/streams/stream_buffer.h"
#include "ingest/streams/stream_parts.h"
#include "offsets/cursor.h"
#include "parsers/event.h"
#include "parsers/event_maker.h"
#include "parsers/identity.h"
#include "parsers/log_diagnosis.h"
#include "parsers/log_parser.h"
#include "parsers/parser_context.h"
#include "parsers/parser_scratch.h"

namespace sparktail {

// Everything that the content streams of one source share. It must outlive them. Not thread-safe.
struct ContentShare {
  ContentShare(Os* its_os, ParserOptions options) : os(its_os), parser(options) {}
  explicit ContentShare(const StreamParts& parts);

  Os* const os;
  const ParserOptions parser;
  absl::Duration record_timeout = absl::InfiniteDuration();
  std::function<void(const EventBuffer&)> observe;

  ParserScratch scratch;
  BufferPool buffers;
  ParserStats ended;  // the sum over streams that are gone
};

// Turns the content of one stream into batches of events, each with the cursor that it settles. The
// owner, a source, brings the bytes in order and without gaps, and its own position of each batch;
// it need not know about records.
//
//   Append(), or Room() and Commit() … → Parse() … → EndTurn() → TakeBatch() if that is true
//
// The events do not depend on how the content is cut. A stream that resumes from the cursor of a
// batch makes the same events after it. Uses about 3 KiB, and memory for the text of an unfinished
// record. Not thread-safe. Views of text() and events() are valid until the next call that is not
// const.
class ContentStream {
 public:
  // The first byte that is added is the one at `from.offset` of the content.
  ContentStream(ContentShare* share, StreamKey key, const StreamFacts& facts,
                const ParsePosition& from = {});
  ContentStream(const ContentStream&) = delete;
  ContentStream& operator=(const ContentStream&) = delete;
  ~ContentStream();

  // Returns the place in the content where a stream resumes from a cursor that TakeBatch() made.
  static ParsePosition PlaceOf(const Cursor& cursor);

  // ------------------------------------------------------------ settings

  // Skips events of records before `offset`; UINT64_MAX: all events.
  void SkipBefore(uint64_t offset) { skip_before_ = offset; }
  // Skips events that are older; INT64_MIN: none.
  void SkipOlderThan(int64_t since_ms) { since_ms_ = since_ms; }

  // Keeps cursors from passing `offset`: the text after it belongs to another stream, and is added
  // only to complete a record of this one.
  void LimitCursor(uint64_t offset) { limit_ = offset; }

  // Samples the beginning of the content, to find out why there may be no events in it; if
  // `now_and_again`, also a little of the rest. Call it before bytes are added.
  void StartDiagnosis(bool now_and_again);

  // `on_parsed` sees the text before its front of `done` bytes is dropped; the text ends at end().
  using OnParsed = std::function<void(std::string_view text, size_t done)>;
  void SetOnParsed(OnParsed on_parsed) { on_parsed_ = std::move(on_parsed); }

  // ------------------------------------------------------------ content

  // Returns memory to read the next bytes into: never empty, valid until the next call that is not
  // const. Commit() adds the first `size` bytes of it.
  std::span<char> Room() { return text_.Room(); }
  void Commit(size_t size);
  void Append(std::string_view bytes);
  void TakeAll(StreamBuffer* bytes);  // Append() without a copy; `bytes` is empty then

  uint64_t end() const { return end_; }  // just after the last byte
  absl::Time grown() const { return grown_; }
  // The content that the parser still needs.
  std::string_view text() const { return text_.view(); }
  bool ends_line() const { return ends_line_; }  // true if there is no content yet

  // ------------------------------------------------------------ content to events

  // Parses the bytes that were added. No other call does: the owner decides how many are parsed at
  // once.
  void Parse();
  // Parses the rest, for the stream ends here. Add and parse nothing afterwards.
  void Finish();
  bool has_ended() const { return has_ended_; }

  // An open record may be ended by silence: see LogParser::Expire().
  bool CanExpire() const { return parser_->CanExpire(); }
  // CanExpire(), and the stream has not grown for the record timeout.
  bool IsSilent(absl::Time now) const {
    return CanExpire() && now - grown_ >= share_->record_timeout;
  }
  void Expire();

  // Ends the open record, whatever it lacks, as the end of the stream would; the next bytes are
  // read as the start of a record. `facts`: those of the constructor.
  void GiveUp(const StreamFacts& facts);

  // Everything that was added is parsed, and no record is open.
  bool IsWhole() const { return parsed_ == end_ && ends_line_ && !parser_->has_open_record(); }
  // If the stream is whole, settles it to its end: nothing can come of the last record any more,
  // though the parser settles it only when it sees the next one. False if it is not whole.
  bool SettleWhole();

  uint64_t offset() const { return parser_->offset(); }  // where text() begins
  uint64_t settled() const { return std::max(parser_->settled(), whole_); }
  const ParserContext& context() const { return parser_->context(); }
  const ParserStats& stats() const { return parser_->stats(); }

  // Events that are not in a batch yet. A caller that wants no batches takes them from here.
  EventBuffer& events() { return events_; }

  // ------------------------------------------------------------ events to batches

  // There are events, or the cursor has moved.
  bool HasNews() const { return has_events() || settled() != emitted_; }
  bool has_events() const { return !events_.events.empty(); }
  // Call this when no more bytes come in this turn of the source. Frees memory. Returns true if a
  // batch should be taken at once: it has events, or much noise.
  bool EndTurn();
  // True if a batch should be taken because the cursor moved over noise a while ago.
  bool IsDue(absl::Time now) const { return noise_.IsDue(now); }
  // IsSilent() or IsDue() may become true by time alone.
  bool WaitsForTime() const { return CanExpire() || noise_.is_waiting(); }

  // Returns the events that are not in a batch yet, and the cursor after them. `position` is the
  // source's own, and is stored in the cursor.
  std::shared_ptr<Batch> TakeBatch(std::string position);

  const StreamKey& key() const { return key_; }
  uint64_t emitted() const { return emitted_; }  // settled() of the last batch

  // Returns the diagnosis once it is complete: when the beginning of the content was sampled, or
  // the stream has ended; with `now_and_again` only when it has ended. Null before that, and when
  // it was taken already.
  std::unique_ptr<LogDiagnosis> TakeDiagnosis();

 private:
  void OnAdded(size_t size);
  void Sample();
  void Read(absl::FunctionRef<size_t()> parse);
  std::shared_ptr<const std::string> Context();

  ContentShare* const share_;
  const StreamKey key_;
  std::optional<LogParser> parser_;
  StreamBuffer text_;  // from offset() on
  uint64_t end_;
  uint64_t parsed_;  // the end of what the parser was given
  uint64_t emitted_;
  uint64_t whole_ = 0;  // where SettleWhole() was true last
  uint64_t limit_ = UINT64_MAX;
  uint64_t skip_before_ = 0;
  int64_t since_ms_ = INT64_MIN;
  bool ends_line_ = true;
  bool has_ended_ = false;
  bool samples_on_ = false;
  EventBuffer events_;
  absl::Time grown_;
  NoiseTimer noise_;
  std::shared_ptr<const std::string> context_;  // as JSON
  uint32_t context_version_ = 0;
  std::unique_ptr<LogDiagnosis> diagnosis_;
  uint64_t sampled_;  // the diagnosis has seen, or passed, what comes before
  OnParsed on_parsed_;
};

// A batch of a stream that is not the content of a log: its cursor needs no parser context.
std::shared_ptr<Batch> MakePlainBatch(StreamKey stream, uint64_t end, std::string position,
                                      EventBuffer events = {}, bool ended = false);

}  // namespace sparktail
