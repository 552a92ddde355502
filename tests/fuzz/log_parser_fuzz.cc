// LogParser: any log gives the same documents when it is read at once, in pieces, and by two
// parsers one after the other.

#include <simdjson.h>

#include <optional>
#include <string>

#include "parsers/log_parser.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/naive_json.h"

namespace sparktail::fuzz {
namespace {

// Beside an event of full size, only a header and a marker may have to be kept.
constexpr size_t kMaxKept = size_t{64} << 10;

// Sizes of pieces, from a seed (SplitMix64).
class PieceSizes {
 public:
  PieceSizes(uint64_t seed, size_t least, size_t most) : state_(seed), least_(least), most_(most) {}

  size_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return least_ + (mixed ^ (mixed >> 31)) % (most_ - least_ + 1);
  }

 private:
  uint64_t state_;
  size_t least_;
  size_t most_;
};

ParserScratch* Scratch() {
  static ParserScratch scratch;
  return &scratch;
}

// The end of an input decides these.
struct Plan {
  explicit Plan(FuzzInput* input)
      : seed(input->Number(65536)),
        largest_piece(size_t{1} << input->Number(14)),
        late_end(input->Flag()),
        count_records(input->Flag()),
        max_event_bytes(1024 + input->Number(19000)),
        cut(input->Number(65536)),
        log(input->rest()) {}

  PieceSizes Pieces() const {
    // Few pieces for a long log, because each step copies the rest of the window.
    const size_t least = 1 + log.size() / 1024;
    return {seed, least, std::max(least, largest_piece)};
  }
  LogParser Parser(const ParsePosition& from = {}) const {
    ParserOptions options;
    options.max_event_bytes = max_event_bytes;
    options.count_records = count_records;
    StreamFacts facts;
    facts.source_name = "stdin";
    return {options, facts, Scratch(), from};
  }

  uint64_t seed;
  size_t largest_piece;
  bool late_end;  // the stream's end comes with a window that has nothing new
  bool count_records;
  size_t max_event_bytes;
  size_t cut;
  std::string_view log;
};

void ParseStep(const Plan& plan, LogParser* parser, uint64_t end, bool last, EventBuffer* out) {
  const uint64_t begin = parser->offset();
  const PaddedBytes window(plan.log.substr(begin, end - begin), '{');
  const size_t done = parser->Parse(window.view(), last, out);
  Require(done <= end - begin && parser->offset() == begin + done,
          "the offset moves by the returned bytes");
  Require(end - parser->offset() <= plan.max_event_bytes + kMaxKept, "memory is bounded");
  Require(parser->position().offset <= end, "the position was read");
  Require(!last || parser->offset() == end, "all is done at the end");
}

// Feeds the log, of which the parser has seen `read` bytes, up to `end`; that is the stream's end
// if `last`.
void FeedFrom(const Plan& plan, LogParser* parser, uint64_t read, uint64_t end, bool last,
              EventBuffer* out) {
  PieceSizes pieces = plan.Pieces();
  while (read < end) {
    read = std::min<uint64_t>(end, read + pieces.Next());
    ParseStep(plan, parser, read, last && read == end && !plan.late_end, out);
  }
  if (last && (plan.late_end || parser->offset() < end || end == 0)) {
    ParseStep(plan, parser, end, /*last=*/true, out);
  }
}

// Feeds the log up to `end` to a parser that has seen nothing.
void Feed(const Plan& plan, LogParser* parser, uint64_t end, bool last, EventBuffer* out) {
  FeedFrom(plan, parser, parser->offset(), end, last, out);
}

void CheckDocuments(const EventBuffer& out) {
  size_t end = 0;
  for (const EventRef& event : out.events) {
    Require(event.begin == end && event.end > event.begin, "documents stand side by side");
    const std::string_view document = out.document(event);
    Require(document.find('\n') == std::string_view::npos, "a document is one line");
    Require(out.bytes.view().substr(event.end, 1) == "\n", "a newline follows");
    Require(NaiveJson(document).IsObject(), "a document is JSON");
    Require(simdjson::validate_utf8(document.data(), document.size()), "a document is UTF-8");
    const std::string id = "\"id\":\"" + std::string(View(event.id)) + "\"";
    Require(document.find(id) != std::string_view::npos, "a document contains its id");
    end = event.end + 1;
  }
  Require(out.bytes.size() == end, "nothing stands between documents");
}

void RequireSame(const EventBuffer& a, const EventBuffer& b, const char* what) {
  Require(a.bytes.view() == b.bytes.view(), what);
  Require(a.events.size() == b.events.size(), what);
  for (size_t i = 0; i < a.events.size(); ++i) {
    Require(a.events[i].kind == b.events[i].kind && a.events[i].id == b.events[i].id, what);
    Require(a.events[i].offset == b.events[i].offset, what);
    Require(a.events[i].time_ms == b.events[i].time_ms, what);
  }
}

bool Same(const ParserStats& a, const ParserStats& b) {
  return a.bytes == b.bytes && a.records == b.records && a.events == b.events &&
         a.not_progress == b.not_progress && a.incomplete == b.incomplete &&
         a.malformed == b.malformed && a.over_long == b.over_long && a.restored == b.restored;
}

// Returns the position of the parser, stored and read back.
ParsePosition StoredPosition(const LogParser& parser) {
  const ParsePosition position = parser.position();
  const auto context = ParserContext::FromJson(position.context.ToJson());
  Require(context && *context == position.context, "a context is read back");
  return {position.offset, *context};
}

// One parser up to the cut, then another that has only its position.
void CheckCut(const Plan& plan, const EventBuffer& whole) {
  EventBuffer out;
  LogParser first = plan.Parser();
  Feed(plan, &first, std::min(plan.cut, plan.log.size()), /*last=*/false, &out);
  LogParser second = plan.Parser(StoredPosition(first));
  Feed(plan, &second, plan.log.size(), /*last=*/true, &out);
  RequireSame(whole, out, "a new parser resumes where another stopped");
}

// Silence at the cut: the parser that continues and one that has only its position do the same.
void CheckSilence(const Plan& plan) {
  const uint64_t cut = std::min(plan.cut, plan.log.size());
  LogParser first = plan.Parser();
  EventBuffer before;
  Feed(plan, &first, cut, /*last=*/false, &before);
  const bool can_expire = first.CanExpire();
  const size_t count = before.events.size();
  const uint64_t offset = first.offset();
  const PaddedBytes window(plan.log.substr(offset, cut - offset), '{');
  Require(first.Expire(window.view(), &before) == first.offset() - offset,
          "the offset moves by the returned bytes");
  Require(can_expire || before.events.size() == count, "no record ends if CanExpire() is false");
  Require(!first.CanExpire(), "silence ends all that it can at once");
  CheckDocuments(before);
  EventBuffer rest;
  LogParser second = plan.Parser(StoredPosition(first));
  Feed(plan, &second, plan.log.size(), /*last=*/true, &rest);
  EventBuffer after;
  FeedFrom(plan, &first, cut, plan.log.size(), /*last=*/true, &after);
  RequireSame(after, rest, "a new parser goes on behind silence");
}

void Run(FuzzInput input) {
  const Plan plan(&input);
  EventBuffer whole;
  LogParser at_once = plan.Parser();
  ParseStep(plan, &at_once, plan.log.size(), /*last=*/true, &whole);
  CheckDocuments(whole);
  Require(at_once.stats().bytes == plan.log.size(), "all bytes are counted");
  Require(at_once.stats().total() == whole.events.size(), "all events are counted");

  EventBuffer out;
  LogParser in_pieces = plan.Parser();
  Feed(plan, &in_pieces, plan.log.size(), /*last=*/true, &out);
  RequireSame(whole, out, "pieces give the documents of the whole");
  Require(Same(at_once.stats(), in_pieces.stats()), "pieces give the stats of the whole");
  CheckCut(plan, whole);
  CheckSilence(plan);
}

}  // namespace
}  // namespace sparktail::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sparktail::fuzz::Run(sparktail::fuzz::FuzzInput(data, size));
  return 0;
}
