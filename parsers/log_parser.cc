#include "parsers/log_parser.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "parsers/foreign_text.h"
#include "parsers/text.h"

namespace sparktail {
namespace {

constexpr uint64_t kNoLimit = UINT64_MAX;

// Built once: the table of markers does not change.
const LiteralScanner& MarkerScanner() {
  static const LiteralScanner scanner([] {
    std::vector<LiteralScanner::Literal> literals;
    for (const MarkerRule& rule : MarkerRules()) {
      literals.push_back({std::string(rule.literal), rule.literal.find(rule.anchor)});
    }
    return literals;
  }());
  return scanner;
}

}  // namespace

LogParser::LogParser(const ParserOptions& options, const StreamFacts& facts, ParserScratch* scratch,
                     const ParsePosition& from)
    : max_event_bytes_(options.max_event_bytes),
      count_records_(options.count_records),
      maker_(options, facts, from.context, scratch),
      scratch_(scratch),
      offset_(from.offset),
      first_text_(from.offset),
      hashed_(from.offset),
      floor_(from.offset),
      search_(from.offset),
      settled_(from.offset),
      noise_(from.offset),
      counter_(from.offset, /*skip_line=*/false) {
  if (!from.context.first_line_hash.empty()) {
    first_line_ = FirstLineHash(from.context.first_line_hash);
  }
}

size_t LogParser::Parse(PaddedView bytes, bool last, EventBuffer* out) {
  return Read({bytes, offset_, last}, /*expired=*/false, out);
}

size_t LogParser::Expire(PaddedView bytes, EventBuffer* out) {
  return Read({bytes, offset_, /*last=*/false}, /*expired=*/true, out);
}

size_t LogParser::Read(const Window& window, bool expired, EventBuffer* out) {
  if (!first_line_.complete() && !ReadFirstLine(window)) return Advance(window, Needed(window));
  do {
    while (Step(window, out)) {
    }
  } while (expired && EndOpenRecord(window, out));
  if (after_expired_) CountLateLines(window);
  if (window.last) {
    settled_ = window.end();
  } else if (state_ == State::kSearch) {
    SettleNoise(window);
  }
  scratch_->Trim();
  return Advance(window, window.last ? window.end() : Needed(window));
}

// Returns true if there was an open record that is complete, and ends it.
bool LogParser::EndOpenRecord(const Window& window, EventBuffer* out) {
  if (!CanExpire()) return false;
  if (state_ == State::kTrace) {
    const uint64_t end = open_.headers.line();
    FinishTrace({window.Part(window.begin, end), window.begin, /*last=*/true}, out);
  } else {
    open_.is_part = !maker_.IsWhole(open_.rule->marker, Record(window, window.end()));
    if (open_.is_part) return false;
    FinishLine({window.bytes, window.begin, /*last=*/true}, out);
  }
  after_expired_ = true;
  late_line_ = floor_;
  late_ = HeaderSearch(floor_, /*skip_line=*/false);
  return true;
}

// Lines up to the next header belong to the record that was ended before they came.
void LogParser::CountLateLines(const Window& window) {
  after_expired_ = late_.Next(window, kNoLimit) != HeaderSearch::Result::kFound;
  const uint64_t end = after_expired_ ? late_.no_header_before(window) : late_.line();
  while (late_line_ < end) {
    const uint64_t from = std::max(late_line_, window.begin);
    const uint64_t newline = window.FindNewline(from);
    if (newline == window.end() && !window.last) return;
    // The newline of an expired line does not count as late text.
    const bool is_empty = WithoutReturn(window.Text(from, newline)).empty();
    if (late_line_ < from || !is_empty) ++maker_.stats().late_lines;
    late_line_ = newline + 1;
  }
}

// Moves offset() to `to`: the window's bytes before it are no longer needed.
size_t LogParser::Advance(const Window& window, uint64_t to) {
  if (count_records_) {
    CountRecords(window);
    to = std::min(to, counter_.no_header_before(window));
  }
  const auto done = static_cast<size_t>(to - offset_);
  offset_ = to;
  maker_.stats().bytes += done;
  return done;
}

// Ids need the hash of the whole first line, so nothing in it is read before it is complete. A
// first line that is longer than any record may be is skipped, and so is a hole at its beginning.
// Returns false if a later window is needed.
bool LogParser::ReadFirstLine(const Window& window) {
  const uint64_t newline = window.FindNewline(hashed_);
  const size_t hole = window.Text(hashed_, newline).rfind('\0');
  if (hole != std::string_view::npos) first_text_ = hashed_ + hole + 1;
  floor_ = search_ = noise_ = std::max(floor_, first_text_);
  first_line_.Feed(window.Text(hashed_, window.end()));
  hashed_ = window.end();
  maker_.SetFirstLineHash(first_line_.hex());
  const bool too_long = newline - first_text_ > max_event_bytes_;
  if (too_long) floor_ = search_ = noise_ = std::min(newline + 1, window.end());
  if (too_long && first_line_.complete()) settled_ = floor_;
  return first_line_.complete() || window.last;
}

bool LogParser::Step(const Window& window, EventBuffer* out) {
  switch (state_) {
    case State::kSearch:
      return Search(window);
    case State::kLine:
      return FinishLine(window, out);
    case State::kTrace:
      return FinishTrace(window, out);
    case State::kProgress:
      return FinishProgress(window, out);
    case State::kBrokenProgress:
      return FinishBrokenProgress(window, out);
  }
  return false;
}

bool LogParser::Search(const Window& window) {
  const LiteralScanner& scanner = MarkerScanner();
  search_ = std::max(search_, window.begin);
  while (search_ < window.end()) {
    const auto hit = scanner.Find(window.bytes, search_ - window.begin);
    if (!hit) {
      const uint64_t cut = scanner.longest() - 1;
      search_ = window.last          ? window.end()
                : window.end() > cut ? std::max(search_, window.end() - cut)
                                     : search_;
      return false;
    }
    const uint64_t begin = window.begin + hit->begin;
    const uint64_t anchor = window.begin + hit->anchor;
    const MarkerRule& rule = MarkerRules()[hit->literal];
    if (begin >= floor_) {
      if (OpenRecord(window, rule, begin, anchor)) return true;
      maker_.NoteRejected(rule.marker);
    }
    search_ = anchor + 1;
  }
  return false;
}

// Returns the start of the line that contains `at`. NUL bytes (a hole left by truncation) also end
// a line. A header begins at most kMaxHeaderBytes before its marker.
uint64_t LogParser::FindLineBegin(const Window& window, uint64_t at) {
  uint64_t lowest = std::max(floor_, window.begin);
  if (at - lowest > kMaxHeaderBytes) lowest = at - kMaxHeaderBytes;
  const uint64_t from = lineless_.Skip(lowest, at);
  const std::string_view text = window.Text(from, at);
  size_t line = text.rfind('\n') + 1;  // 0 if there is none
  const size_t hole = text.substr(line).rfind('\0');
  if (hole != std::string_view::npos) line += hole + 1;
  if (line > 0) {
    lineless_ = {from + line, at};
  } else if (from == lowest) {
    lineless_ = {lowest, at};
  } else {
    lineless_.end = at;
  }
  return std::max(lowest, lineless_.begin);
}

// True if [from, to), a part of a line, has a stamp and so may have a header.
bool LogParser::HasStamp(const Window& window, uint64_t from, uint64_t to) {
  const uint64_t skip = stampless_.begin <= from ? stampless_.Skip(from, to) : from;
  if (FindStamp(window.Text(from, to), skip - from) != std::string_view::npos) return true;
  // The end of the searched part may cut a stamp.
  const uint64_t end = to - std::min<uint64_t>(to - from, kLongestStamp);
  stampless_ = {skip == from ? from : stampless_.begin, std::max(end, skip)};
  return false;
}

bool LogParser::OpenRecord(const Window& window, const MarkerRule& rule, uint64_t begin,
                           uint64_t anchor) {
  const uint64_t line = FindLineBegin(window, begin);
  const uint64_t literal_end = begin + rule.literal.size();
  if (!HasStamp(window, line, literal_end)) return false;
  const std::string_view text = window.Text(line, literal_end);
  const std::optional<Header> header = ParseHeader(text);
  if (!header || !(rule.lead.empty() ? line + header->message == begin
                                     : text.substr(header->message).starts_with(rule.lead))) {
    return false;
  }
  if (rule.ends_line && literal_end < window.end() &&
      std::string_view("\n\r ").find(window.at(literal_end)) == std::string_view::npos) {
    return false;
  }
  open_ = Open();
  open_.rule = &rule;
  open_.begin = line;
  open_.anchor = anchor;
  open_.scanned = literal_end;
  open_.marked = literal_end;
  open_.json = literal_end - 1;
  settled_ = line;
  state_ = rule.extent == RecordExtent::kJson ? State::kProgress : State::kLine;
  return true;
}

RecordText LogParser::Record(const Window& window, uint64_t line_end) const {
  RecordText record;
  record.line = WithoutReturn(window.Text(open_.begin, line_end));
  record.offset = open_.begin;
  record.marked = open_.marked - open_.begin;
  return record;
}

// Ends the open record; the next one begins at `end` or later.
void LogParser::Settle(uint64_t end) {
  settled_ = floor_ = end;
  search_ = std::max(search_, end);
  noise_ = std::max(noise_, end);
  state_ = State::kSearch;
}

// Gives up an open line that is not the marker's message. It may contain another marker.
void LogParser::Reject() {
  maker_.NoteRejected(open_.rule->marker);
  search_ = open_.anchor + 1;
  state_ = State::kSearch;
}

bool LogParser::FinishLine(const Window& window, EventBuffer* out) {
  const uint64_t newline = window.FindNewline(open_.scanned);
  if (newline > open_.scanned) open_.is_part = false;
  open_.scanned = newline;
  if (newline > Limit()) {
    ++maker_.stats().over_long;
    Settle(Limit());
    return true;
  }
  if (newline == window.end() && !window.last) return false;
  const RecordText record = Record(window, newline);
  if (!maker_.Accepts(open_.rule->marker, record)) {
    Reject();
    return true;
  }
  const uint64_t next = std::min(newline + 1, window.end());
  if (open_.rule->extent == RecordExtent::kTrace) {
    open_.line_end = newline;
    open_.headers = HeaderSearch(next, /*skip_line=*/false);
    state_ = State::kTrace;
    return true;
  }
  maker_.Make(open_.rule->marker, record, out);
  Settle(next);
  return true;
}

bool LogParser::FinishTrace(const Window& window, EventBuffer* out) {
  const HeaderSearch::Result result = open_.headers.Next(window, Limit());
  if (result == HeaderSearch::Result::kNeedMore && !window.last) return false;
  uint64_t end = window.end();
  if (result == HeaderSearch::Result::kFound) end = open_.headers.line();
  RecordText record = Record(window, open_.line_end);
  if (end > Limit()) {
    end = Limit();
    record.truncated = true;
    ++maker_.stats().truncated;
  }
  const uint64_t rest = std::min(open_.line_end + 1, end);
  record.rest = window.Text(rest, end);
  maker_.Make(open_.rule->marker, record, out);
  Settle(end);
  return true;
}

// The usual case is Spark's whole pretty print. All its lines are indented except the last, which
// is the closing brace, so neither strings nor headers need to be examined.
bool LogParser::FinishProgress(const Window& window, EventBuffer* out) {
  uint64_t next = open_.json + 1;
  if (next + 1 >= window.end() && !window.last) return false;
  if (next < window.end() && window.at(next) == '\r') ++next;
  if (next >= window.end() || window.at(next) != '\n') {
    BreakProgress();
    return true;
  }
  open_.scanned = std::max(open_.scanned, next);
  const uint64_t line_end =
      window.begin + FindUnindentedLine(window.bytes, open_.scanned - window.begin);
  if (line_end == window.end() && !window.last && line_end <= Limit()) {
    open_.scanned = window.end() - 1;
    return false;
  }
  const uint64_t end = line_end + 2;
  if (end > window.end() || end > Limit() || window.at(line_end + 1) != '}') {
    BreakProgress();
    return true;
  }
  const RecordText record = Record(window, next);
  if (maker_.MakeProgress(record, window.Part(open_.json, end), out) != ProgressCode::kProgress) {
    BreakProgress();
    return true;
  }
  SettleProgress(window, end);
  return true;
}

void LogParser::SettleProgress(const Window& window, uint64_t json_end) {
  uint64_t end = json_end;
  if (end < window.end() && window.at(end) == '\r') ++end;
  if (end < window.end() && window.at(end) == '\n') ++end;
  Settle(end);
}

void LogParser::BreakProgress() {
  open_.headers = HeaderSearch(open_.json, /*skip_line=*/true);
  open_.scanned = open_.json;
  state_ = State::kBrokenProgress;
}

// In all other cases this follows the braces and searches for headers.
bool LogParser::FinishBrokenProgress(const Window& window, EventBuffer* out) {
  using Result = HeaderSearch::Result;
  const Result result = open_.headers.Next(window, Limit());
  // Braces are followed only in lines that are certainly not headers.
  uint64_t border = result == Result::kLimit ? Limit() : open_.headers.no_header_before(window);
  border = std::min(border, Limit());
  if (open_.json_end == 0 && open_.scanned < border) {
    if (open_.extent.Feed(window.Text(open_.scanned, border))) {
      open_.json_end = open_.json + open_.extent.size();
    }
    open_.scanned = border;
  }
  // Ids need the whole first line.
  if (FindFirstLineEnd(window) == window.end() && !window.last && border < Limit()) return false;
  if (open_.json_end != 0 && !open_.malformed && FollowBraces(window, out)) return true;

  // Only records of more than one piece can have been cut by other writers.
  const bool short_json = open_.malformed && open_.json_end - open_.begin <= kLog4jPiece;
  if (!short_json) {
    if (result == Result::kNeedMore && !window.last) return false;
    if (LiftForeign(window, border, out)) return true;
  }
  if (open_.malformed) {
    GiveUp(window, GiveUpReason::kMalformed, open_.json_end, out);
  } else if (border == Limit()) {
    GiveUp(window, GiveUpReason::kMaxEventBytes, border, out);
  } else if (result == Result::kFound) {
    GiveUp(window, GiveUpReason::kNextHeader, border, out);
  } else {
    GiveUp(window, GiveUpReason::kEndOfStream, border, out);
  }
  return true;
}

// The closing brace is known (json_end). Returns true if the record is finished.
bool LogParser::FollowBraces(const Window& window, EventBuffer* out) {
  const RecordText record = Record(window, FindFirstLineEnd(window));
  const PaddedView json = window.Part(open_.json, open_.json_end);
  // Spark indents all lines but the last. Any other unindented line may be another writer's, even
  // if it reads as JSON.
  const size_t unindented = FindUnindentedLine(json, 1);
  if (json.size() > kLog4jPiece && unindented + 2 < json.size()) {
    open_.malformed = true;
    return false;
  }
  switch (maker_.MakeProgress(record, json, out)) {
    case ProgressCode::kProgress:
      SettleProgress(window, open_.json_end);
      return true;
    case ProgressCode::kNotProgress:
      ++maker_.stats().not_progress;
      SettleProgress(window, open_.json_end);
      return true;
    case ProgressCode::kMalformed:
      break;
  }
  open_.malformed = true;
  return false;
}

bool LogParser::LiftForeign(const Window& window, uint64_t end, EventBuffer* out) {
  const RecordText record = Record(window, FindFirstLineEnd(window));
  const std::optional<size_t> own = maker_.FindOwnBegin(record);
  if (!own) return false;
  const uint64_t begin = open_.begin + *own;
  ByteBuffer& text = scratch_->lifted;
  text.Clear();
  const auto lifted = LiftForeignText(window.Text(begin, end), open_.json - begin, &text);
  if (!lifted) return false;
  const ProgressCode code = maker_.MakeProgress(record, text.padded(), out);
  if (code == ProgressCode::kMalformed) return false;
  ++(code == ProgressCode::kProgress ? maker_.stats().restored : maker_.stats().not_progress);
  SettleProgress(window, begin + lifted->record_size);
  return true;
}

// Returns the newline of a progress event's first line, or the window's end.
uint64_t LogParser::FindFirstLineEnd(const Window& window) {
  open_.line_end = window.FindNewline(std::max(open_.line_end, open_.json));
  return open_.line_end;
}

void LogParser::GiveUp(const Window& window, GiveUpReason reason, uint64_t at, EventBuffer* out) {
  ParserStats& stats = maker_.stats();
  const RecordText record = Record(window, std::min(FindFirstLineEnd(window), Limit()));
  const uint64_t bytes = at - open_.begin;
  switch (reason) {
    case GiveUpReason::kMalformed:
      ++stats.malformed;
      maker_.MakeIncomplete(record, "malformed", bytes, out);
      return SettleProgress(window, at);
    case GiveUpReason::kMaxEventBytes:
      ++stats.over_long;
      maker_.MakeIncomplete(record, "max_event_bytes", bytes, out);
      return Settle(at);
    case GiveUpReason::kNextHeader:
      ++stats.incomplete;
      maker_.MakeIncomplete(record, "next_header", bytes, out);
      return Settle(at);
    case GiveUpReason::kEndOfStream:
      ++stats.incomplete;
      maker_.MakeIncomplete(record, "end_of_stream", bytes, out);
      return Settle(at);
  }
}

// Returns the first byte that the next window must still have.
uint64_t LogParser::Needed(const Window& window) const {
  uint64_t needed = open_.begin;
  if (state_ == State::kSearch) {
    // The window's end may cut a marker; keep it with the header before it.
    const uint64_t tail = kMaxHeaderBytes + MarkerScanner().longest();
    const uint64_t at = window.end();
    uint64_t from = std::max(floor_, window.begin);
    if (at - from > tail) from = at - tail;
    const size_t newline = window.Text(from, at).rfind('\n');
    needed = newline == std::string_view::npos ? from : from + newline + 1;
    needed = std::min(needed, std::max(search_, window.begin));
  }
  return needed;
}

// Settles records without events up to the last header seen, so that the cursor moves over noise.
void LogParser::SettleNoise(const Window& window) {
  const uint64_t from = std::max({noise_, settled_, window.begin});
  const bool from_is_line = from == noise_ || from == settled_;
  const size_t last_newline = window.Text(from, window.end()).rfind('\n');
  if (last_newline == std::string_view::npos) return;
  noise_ = from + last_newline + 1;
  for (uint64_t newline = noise_ - 1;;) {
    const size_t before = window.Text(from, newline).rfind('\n');
    const bool is_first = before == std::string_view::npos;
    const uint64_t line = is_first ? from : from + before + 1;
    if ((!is_first || from_is_line) && ParseHeader(window.Text(line, newline))) {
      settled_ = std::max(settled_, line);
      return;
    }
    if (is_first) return;
    newline = line - 1;
  }
}

void LogParser::CountRecords(const Window& window) {
  counter_.CountLongLines(max_event_bytes_);
  while (counter_.Next(window, kNoLimit) == HeaderSearch::Result::kFound) {
    ++maker_.stats().records;
    counter_.Pass();
  }
  maker_.stats().long_lines = counter_.long_lines();
}

}  // namespace sparktail
