#include "ingest/sources/file/log_tail.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <optional>
#include <utility>

#include "parsers/header.h"
#include "parsers/identity.h"
#include "parsers/log_diagnosis.h"
#include "parsers/log_parser.h"
#include "parsers/unwrapper.h"

namespace sparktail {
namespace {

constexpr size_t kReadSize = size_t{256} << 10;
// What is left over of a read is usually little; then it is kept apart, and the buffer is free.
constexpr size_t kLargestRest = size_t{16} << 10;
constexpr size_t kMostBuffers = 4;
// Cursors that move over noise only are worth less than the writing of them.
constexpr absl::Duration kNoiseInterval = absl::Seconds(5);
constexpr uint64_t kNoiseBytes = uint64_t{64} << 20;
constexpr size_t kMostLastContexts = 1000;
// Of each stream the beginning is looked at, to tell why nothing is found in it.
constexpr uint64_t kSampledBeginning = uint64_t{256} << 10;
// Between two places of a wrapped file at which reading can be taken up.
constexpr uint64_t kPlaceInterval = 1024;

constexpr std::array<std::string_view, 2> kStdStreams = {"stdout", "stderr"};

std::string_view NameOf(Wrapping wrapping) {
  switch (wrapping) {
    case Wrapping::kNone:
      return "none";
    case Wrapping::kCri:
      return "cri";
    case Wrapping::kDocker:
      return "docker";
  }
  return "none";
}

std::optional<Wrapping> WrappingNamed(std::string_view name) {
  if (name == "none") return Wrapping::kNone;
  if (name == "cri") return Wrapping::kCri;
  if (name == "docker") return Wrapping::kDocker;
  return std::nullopt;
}

// The last bytes of what has passed, as many as a marker needs.
class History {
 public:
  void Add(std::string_view bytes) {
    if (bytes.size() >= kMarkerSize) {
      std::memcpy(last_.data(), bytes.data() + bytes.size() - kMarkerSize, kMarkerSize);
      size_ = kMarkerSize;
      return;
    }
    const size_t kept = std::min(size_, kMarkerSize - bytes.size());
    std::memmove(last_.data(), last_.data() + size_ - kept, kept);
    std::memcpy(last_.data() + kept, bytes.data(), bytes.size());
    size_ = kept + bytes.size();
  }

  // The fingerprint of what stands before the end of `bytes`, which follow the history.
  Fingerprint Before(std::string_view bytes) const {
    if (bytes.size() >= kMarkerSize) {
      return Fingerprint::Of(bytes.substr(bytes.size() - kMarkerSize));
    }
    std::array<char, kMarkerSize> joined{};
    const size_t kept = std::min(size_, kMarkerSize - bytes.size());
    std::memcpy(joined.data(), last_.data() + size_ - kept, kept);
    std::memcpy(joined.data() + kept, bytes.data(), bytes.size());
    return Fingerprint::Of({joined.data(), kept + bytes.size()});
  }

 private:
  std::array<char, kMarkerSize> last_{};
  size_t size_ = 0;
};

// A buffer that is there only while it holds much; else what it holds is kept in little memory.
class RestingBuffer {
 public:
  LineBuffer& Wake(const std::function<std::unique_ptr<LineBuffer>()>& take) {
    if (buffer_ != nullptr) return *buffer_;
    buffer_ = take();
    Put(rest_, buffer_.get());
    std::string().swap(rest_);
    return *buffer_;
  }
  // Null, or the buffer, which is no longer needed and empty.
  std::unique_ptr<LineBuffer> Rest() {
    if (buffer_ == nullptr || buffer_->data().size() > kLargestRest) return nullptr;
    const std::string_view rest = buffer_->data();
    if (!rest.empty()) {
      rest_.reserve(rest.size() + kPadding);  // so that it can be parsed in place
      rest_ = rest;
    }
    buffer_->Consume(rest.size());
    return std::move(buffer_);
  }
  std::string_view data() const { return buffer_ != nullptr ? buffer_->data() : rest_; }
  PaddedView padded() const {
    static constexpr std::array<char, kPadding> kNothing{};
    const std::string_view text = data();
    return text.empty() ? PaddedView::Promise(kNothing.data(), 0)
                        : PaddedView::Promise(text.data(), text.size());
  }
  void Consume(size_t size) {
    if (buffer_ != nullptr) {
      buffer_->Consume(size);
    } else {
      rest_.erase(0, size);
    }
  }

  static void Put(std::string_view bytes, LineBuffer* buffer) {
    while (!bytes.empty()) {
      if (buffer->free_space().size() < bytes.size()) buffer->MakeRoom();
      const std::span<char> room = buffer->free_space();
      const size_t size = std::min(room.size(), bytes.size());
      std::memcpy(room.data(), bytes.data(), size);
      buffer->Commit(size);
      bytes.remove_prefix(size);
    }
  }

 private:
  std::unique_ptr<LineBuffer> buffer_;
  std::string rest_;
};

}  // namespace

// One content stream of a file: all of a plain one, stdout or stderr of a wrapped one.
struct ContentStream {
  ContentStream(const ParserOptions& options, const StreamFacts& facts, ParserScratch* scratch,
                const ParsePosition& from)
      : parser(options, facts, scratch, from), emitted(from.offset) {}

  StreamKey key;
  std::string std_stream;  // empty: of a plain file
  LogParser parser;
  RestingBuffer text;    // from parser.offset() on
  uint64_t end = 0;      // offset behind all that was put into `text`
  EventBuffer events;    // not handed on yet
  uint64_t emitted = 0;  // where the last batch ended
  bool ended = false;
  bool announced = false;  // a batch of it was handed on: the sinks know it
  bool has_text = false;   // something else than a hole was put in
  bool ends_line = true;   // what was put in last ends with a newline

  // Where reading can be taken up: places before the settled offset, and later ones.
  struct Place {
    uint64_t content;
    uint64_t raw;
    Fingerprint marker;
  };
  std::deque<Place> places;
  uint64_t settled = 0;    // the parser's, when places was last trimmed
  uint64_t first_raw = 0;  // lines of the file before here were read in an earlier life
  uint64_t drop = 0;       // so many bytes of content, too

  std::shared_ptr<const std::string> context;
  uint32_t context_version = 0;

  uint64_t skip_before = 0;  // events of records before here are passed over
  bool skip_known = true;    // skip_before is final
  absl::Time grown;
  absl::Time moved = absl::InfiniteFuture();  // since when there is something to hand on
  // Of a rotated file: the continuation in its successor.
  bool continues = true;
  uint64_t real_end = 0;  // of the content that is in the file
  std::unique_ptr<LogDiagnosis> diagnosis = std::make_unique<LogDiagnosis>();
  uint64_t sampled = 0;
};

class LogTail : public FileTail {
 public:
  LogTail(LogTails* shared, const FilePosition* file) : shared_(shared), file_(file) {
    facts_.environment = shared->parts_.environment;
    facts_.source_name = shared->parts_.source;
    facts_.host = shared->parts_.host;
    facts_.path = file->path;
    AddFactsFromPath(file->path, &facts_);
    TakeUp();
    shared_->tails_[file->file] = this;
  }
  ~LogTail() override {
    shared_->Ended(*this);
    for (auto& stream : streams_) Rest(&stream->text);
    Rest(&raw_);
  }

  uint64_t begin() const override { return begin_; }
  bool HasRoom() override { return shared_->parts_.output->HasRoom(); }

  std::span<char> Room() override {
    LineBuffer& raw = Wake(&raw_);
    raw.MakeRoom();
    return raw.free_space();
  }

  void OnBytes(size_t size) override {
    raw_end_ += size;
    Wake(&raw_).Commit(size);
    if (!wrapping_) Recognize(/*complete=*/false);
    if (wrapping_) Read(/*last=*/false);
  }

  void EndTurn() override {
    // A stream that is new is told of at once: should we die now, its file is known, whatever name
    // it has by then.
    const auto has_news = [](const auto& stream) {
      return MustBeTold(*stream) || !stream->events.events.empty();
    };
    if (std::any_of(streams_.begin(), streams_.end(), has_news)) EmitAll();
    const absl::Time now = shared_->parts_.os->Now();
    for (auto& stream : streams_) {
      const uint64_t settled = stream->parser.settled();
      if (settled == stream->emitted) continue;
      stream->moved = std::min(stream->moved, now);
      if (settled - stream->emitted >= kNoiseBytes) EmitAll();
    }
    for (auto& stream : streams_) Rest(&stream->text);
    Rest(&raw_);
    shared_->scratch_.Trim();
  }

  bool Tick(absl::Time now, absl::FunctionRef<bool()> at_end) override {
    bool waits = false;
    for (auto& stream : streams_) {
      if (stream->ended) continue;
      if (stream->parser.CanExpire() && now - stream->grown >= shared_->parts_.record_timeout &&
          at_end()) {
        Expire(stream.get());
      }
      waits = waits || stream->parser.CanExpire();
      if (now - stream->moved >= kNoiseInterval) EmitAll();
      waits = waits || stream->moved != absl::InfiniteFuture();
    }
    return waits;
  }

  bool WantsContinuation() const override {
    return std::any_of(streams_.begin(), streams_.end(),
                       [](const auto& stream) { return WantsMore(*stream); });
  }

  void Continue(std::string_view bytes, bool last) override {
    if (bytes.size() <= continued_) return;
    if (wrapping_.value_or(Wrapping::kNone) == Wrapping::kNone) {
      ContinuePlain(bytes, last);
    } else {
      ContinueWrapped(bytes, last);
    }
  }

  bool has_continued() const override {
    return std::any_of(streams_.begin(), streams_.end(),
                       [](const auto& stream) { return stream->real_end > 0; });
  }

  void End() override {
    if (!wrapping_) Recognize(/*complete=*/true);
    Read(/*last=*/true);
    for (auto& stream : streams_) {
      if (std::exchange(stream->ended, true)) continue;
      Parse(stream.get(), /*last=*/true);
      Diagnose(stream.get(), /*last=*/true);
      Emit(stream.get(), /*ended=*/true);
    }
  }

  void HandOn() {
    for (auto& stream : streams_) {
      if (!stream->ended && stream->parser.settled() != stream->emitted) {
        Emit(stream.get(), /*ended=*/false);
      }
    }
  }

  const FilePosition& file() const { return *file_; }
  const std::vector<std::unique_ptr<ContentStream>>& streams() const { return streams_; }

 private:
  // ------------------------------------------------------------ where it begins

  void TakeUp() {
    const Output& output = *shared_->parts_.output;
    begin_ = UINT64_MAX;
    bool is_known = false;
    for (const std::string_view std_stream : {std::string_view(), kStdStreams[0], kStdStreams[1]}) {
      const StreamKey key = shared_->KeyOf(file_->file, std::string(std_stream));
      if (output.NewestOf(key) == nullptr) continue;
      is_known = true;
      const Cursor* start = output.StartOf(key);
      if (start == nullptr) {
        begin_ = 0;  // a sink that knows nothing of it yet
        continue;
      }
      TakeUp(std::string(std_stream), *start);
    }
    if (!is_known || begin_ == UINT64_MAX) begin_ = 0;
    raw_begin_ = raw_end_ = begin_;
  }

  void TakeUp(const std::string& std_stream, const Cursor& cursor) {
    FilePosition place = FilePosition::FromJson(cursor.position).value_or(FilePosition());
    wrapping_ = WrappingNamed(place.wrapping);
    if (!wrapping_) wrapping_ = Wrapping::kNone;
    const bool is_plain = *wrapping_ == Wrapping::kNone;
    ParsePosition from;
    from.offset = place.seek.value_or(cursor.offset);
    from.context = ParserContext::FromJson(*cursor.context).value_or(ParserContext());
    if (place.seek) {
      place.raw = place.content = is_plain ? *place.seek : 0;
      place.marker = Fingerprint();
    }
    // A place that can't be: from the beginning.
    if (place.content > from.offset) place.raw = place.content = from.offset = 0;
    ContentStream* stream = AddStream(std_stream, from);
    if (is_plain && place.raw != from.offset) {
      place.raw = place.content = from.offset;
      place.marker = Fingerprint();
    }
    stream->announced = true;
    stream->first_raw = place.raw;
    stream->drop = from.offset - place.content;
    stream->end = from.offset;
    stream->places = {{place.content, place.raw, place.marker}};
    begin_ = std::min(begin_, place.raw);
  }

  ContentStream* AddStream(const std::string& std_stream, const ParsePosition& from) {
    const bool is_new = from.offset == 0 && from.context == ParserContext();
    ParsePosition begin = from;
    if (is_new && !file_->after.empty()) {
      begin.context = shared_->ContextAfter(file_->after, std_stream);
    }
    streams_.push_back(
        std::make_unique<ContentStream>(shared_->parts_.parser, facts_, &shared_->scratch_, begin));
    ContentStream* stream = streams_.back().get();
    stream->key = shared_->KeyOf(file_->file, std_stream);
    stream->std_stream = std_stream;
    stream->settled = stream->parser.settled();
    stream->grown = shared_->parts_.os->Now();
    if (std_stream.empty()) {
      stream->skip_before = file_->from;
    } else {
      stream->skip_known = file_->from == 0;
    }
    if (from.offset > 0) stream->diagnosis = nullptr;
    return stream;
  }

  // ------------------------------------------------------------ bytes to content

  void Recognize(bool complete) {
    wrapping_ = RecognizeWrapping(raw_.data(), complete);
    if (!wrapping_ && raw_.data().size() > shared_->parts_.parser.max_event_bytes) {
      wrapping_ = Wrapping::kNone;
    }
    if (complete && !wrapping_) wrapping_ = Wrapping::kNone;
  }

  void Read(bool last) {
    if (*wrapping_ == Wrapping::kNone) {
      ReadPlain();
    } else {
      ReadWrapped(last);
    }
  }

  // The raw buffer is the content: nothing is copied.
  void ReadPlain() {
    if (streams_.empty()) {
      AddStream("", ParsePosition());
      streams_[0]->places = {{0, 0, Fingerprint()}};
    }
    ContentStream* stream = streams_[0].get();
    stream->grown = shared_->parts_.os->Now();
    stream->end = raw_end_;
    const std::string_view data = raw_.data();
    if (!data.empty()) stream->ends_line = data.back() == '\n';
    stream->has_text |= data.find_first_not_of('\0') != std::string_view::npos;
    if (stream->diagnosis != nullptr) Sample(stream, data);
    Done(stream, stream->parser.Parse(raw_.padded(), /*last=*/false, &stream->events));
    Skip(stream);
  }

  // The parser's settled offset has perhaps moved; `window` is what it has just read.
  void NotePlain(ContentStream* stream, std::string_view window) {
    const uint64_t settled = stream->parser.settled();
    if (settled == stream->settled) return;
    stream->settled = settled;
    const bool is_here = settled >= raw_begin_ && settled <= raw_begin_ + window.size();
    if (!is_here || (stream->real_end > 0 && settled > stream->real_end)) return;
    stream->places.front() = {settled, settled,
                              raw_history_.Before(window.substr(0, settled - raw_begin_))};
  }

  void ReadWrapped(bool last) {
    if (!unwrapper_) unwrapper_.emplace(*wrapping_, &shared_->scratch_);
    const std::string_view data = raw_.data();
    size_t at = 0;
    while (const auto line = unwrapper_->Next(data.substr(at), last)) {
      if (line->is_wrapped) {
        const auto before = [&] { return raw_history_.Before(data.substr(0, at)); };
        TakeContent(*line, raw_begin_ + at, before);
      }
      at += line->size;
    }
    raw_history_.Add(data.substr(0, at));
    raw_.Consume(at);
    raw_begin_ += at;
    for (auto& stream : streams_) {
      Parse(stream.get(), /*last=*/false);
      Skip(stream.get());
    }
  }

  template <typename Before>
  void TakeContent(const Unwrapper::Line& line, uint64_t raw, const Before& marker_before) {
    ContentStream* stream = StreamOf(line.stream);
    if (raw < stream->first_raw) return;
    std::string_view content = line.content;
    if (!stream->skip_known && raw >= file_->from) {
      stream->skip_known = true;
      stream->skip_before = stream->end;
    }
    const uint64_t begin = stream->end - std::min<uint64_t>(stream->drop, stream->end);
    if (stream->places.empty() || begin >= stream->places.back().content + kPlaceInterval) {
      stream->places.push_back({begin, raw, marker_before()});
    }
    const size_t dropped = std::min<uint64_t>(stream->drop, content.size());
    stream->drop -= dropped;
    content.remove_prefix(dropped);
    if (content.empty()) return;
    stream->grown = shared_->parts_.os->Now();
    stream->ends_line = content.back() == '\n';
    stream->has_text = true;
    stream->end += content.size();
    RestingBuffer::Put(content, &Wake(&stream->text));
  }

  ContentStream* StreamOf(StdStream which) {
    const std::string_view std_stream = kStdStreams[which == StdStream::kStdout ? 0 : 1];
    for (auto& stream : streams_) {
      if (stream->std_stream == std_stream) return stream.get();
    }
    return AddStream(std::string(std_stream), ParsePosition());
  }

  // ------------------------------------------------------------ content to events

  void Parse(ContentStream* stream, bool last) {
    const bool is_plain = stream->std_stream.empty();
    RestingBuffer& text = is_plain ? raw_ : stream->text;
    const std::string_view data = text.data();
    if (data.empty() && !last) return;
    if (stream->diagnosis != nullptr) Sample(stream, data);
    Done(stream, stream->parser.Parse(text.padded(), last, &stream->events));
    if (last) Skip(stream);
  }

  void Expire(ContentStream* stream) {
    RestingBuffer& text = stream->std_stream.empty() ? raw_ : stream->text;
    Done(stream, stream->parser.Expire(text.padded(), &stream->events));
    Skip(stream);
    EndTurn();
  }

  void Done(ContentStream* stream, size_t done) {
    if (stream->std_stream.empty()) {
      NotePlain(stream, raw_.data());
      raw_history_.Add(raw_.data().substr(0, done));
      raw_.Consume(done);
      raw_begin_ += done;
      return;
    }
    stream->text.Consume(done);
    stream->settled = stream->parser.settled();
    while (stream->places.size() > 1 && stream->places[1].content <= stream->settled) {
      stream->places.pop_front();
    }
  }

  // Takes out the events that start_at passes over.
  void Skip(ContentStream* stream) {
    const bool all = !stream->skip_known;
    if (!all && stream->skip_before == 0 && file_->since_ms == INT64_MIN) return;
    const auto is_past = [&](const EventRef& event) {
      return all || event.offset < stream->skip_before ||
             (file_->since_ms != INT64_MIN && event.time_ms < file_->since_ms);
    };
    EventBuffer& events = stream->events;
    if (std::none_of(events.events.begin(), events.events.end(), is_past)) return;
    EventBuffer kept;
    for (const EventRef& event : events.events) {
      if (is_past(event)) continue;
      EventRef moved = event;
      moved.begin = kept.bytes.size();
      kept.bytes.Append(events.document(event));
      moved.end = kept.bytes.size();
      kept.bytes.Append('\n');
      kept.events.push_back(moved);
    }
    events = std::move(kept);
  }

  // ------------------------------------------------------------ a record that goes on in the next
  // file

  static bool WantsMore(const ContentStream& stream) {
    return !stream.ended && stream.continues &&
           (stream.parser.has_open_record() || !stream.ends_line);
  }

  // What follows a trace, and has no newline yet. All other records lack something, and end there
  // at the latest.
  static bool MayBecomeHeader(const ContentStream& stream, std::string_view part) {
    return stream.ends_line && stream.parser.CanExpire() && part[0] != ' ' && part[0] != '\t';
  }

  // `line` is the successor's next one; complete, unless no more of it will come.
  void ContinueWith(ContentStream* stream, std::string_view line) {
    if (!WantsMore(*stream)) return;
    if (stream->ends_line && ParseHeader(line)) {
      stream->continues = false;
      Expire(stream);
      return;
    }
    if (stream->real_end == 0) stream->real_end = stream->end;
    const bool is_plain = stream->std_stream.empty();
    RestingBuffer& text = is_plain ? raw_ : stream->text;
    RestingBuffer::Put(line, &Wake(&text));
    stream->end += line.size();
    stream->ends_line = line.ends_with('\n');
    Parse(stream, /*last=*/false);
  }

  void ContinuePlain(std::string_view bytes, bool last) {
    if (streams_.empty()) return;
    // A writer whose file was truncated, and that kept its place, leaves a hole.
    if (streams_[0]->real_end == 0) {
      continued_ = std::min(bytes.find_first_not_of('\0', continued_), bytes.size());
    }
    while (WantsMore(*streams_[0])) {
      const size_t newline = bytes.find('\n', continued_);
      if (newline == std::string_view::npos) {
        const std::string_view rest = bytes.substr(continued_);
        if (!last || rest.empty() || MayBecomeHeader(*streams_[0], rest)) return;
        ContinueWith(streams_[0].get(), rest);
        continued_ = bytes.size();
        return;
      }
      ContinueWith(streams_[0].get(), bytes.substr(continued_, newline + 1 - continued_));
      continued_ = newline + 1;
    }
  }

  void ContinueWrapped(std::string_view bytes, bool last) {
    if (!successor_) successor_.emplace(*wrapping_, &shared_->scratch_);
    while (WantsContinuation()) {
      const auto line = successor_->Next(bytes.substr(continued_), last);
      if (!line) return;
      continued_ += line->size;
      if (!line->is_wrapped || line->content.empty()) continue;
      ContentStream* stream = StreamOf(line->stream);
      const bool is_part = last && !line->content.ends_with('\n');
      if (!is_part || !MayBecomeHeader(*stream, line->content)) ContinueWith(stream, line->content);
    }
  }

  // ------------------------------------------------------------ events to batches

  // One hole is like another: a file that is nothing else could be taken for what comes after it.
  static bool MustBeTold(const ContentStream& stream) {
    return !stream.announced && stream.has_text;
  }

  // Streams of one file move together, so that each sink's cursors are of one moment.
  void EmitAll() {
    std::vector<std::shared_ptr<const Batch>> batches;
    for (auto& stream : streams_) {
      const bool has_news = MustBeTold(*stream) || !stream->events.events.empty() ||
                            stream->parser.settled() != stream->emitted;
      if (!stream->ended && has_news) batches.push_back(TakeBatch(stream.get(), /*ended=*/false));
    }
    shared_->parts_.output->Emit(batches);
  }

  void Emit(ContentStream* stream, bool ended) {
    const std::shared_ptr<const Batch> batch = TakeBatch(stream, ended);
    shared_->parts_.output->Emit({&batch, 1});
  }

  std::shared_ptr<const Batch> TakeBatch(ContentStream* stream, bool ended) {
    auto cursor = std::make_shared<Cursor>();
    cursor->offset = stream->parser.settled();
    if (stream->real_end > 0) cursor->offset = std::min(cursor->offset, stream->real_end);
    cursor->position = PositionOf(*stream);
    cursor->context = ContextOf(stream);
    cursor->ended = ended;
    auto batch = std::make_shared<Batch>();
    batch->stream = stream->key;
    batch->begin = std::min(stream->emitted, cursor->offset);
    batch->end = std::move(cursor);
    batch->events = std::exchange(stream->events, EventBuffer());
    stream->emitted = stream->parser.settled();
    stream->moved = absl::InfiniteFuture();
    stream->announced = true;
    if (shared_->parts_.observe) shared_->parts_.observe(batch->events);
    return batch;
  }

  std::string PositionOf(const ContentStream& stream) const {
    FilePosition place = *file_;
    place.wrapping = NameOf(wrapping_.value_or(Wrapping::kNone));
    place.std_stream = stream.std_stream;
    place.seek.reset();
    if (!stream.places.empty()) {
      place.raw = stream.places.front().raw;
      place.content = stream.places.front().content;
      place.marker = stream.places.front().marker;
    }
    // The last record of noise is only settled by the next one.
    const bool is_noise = stream.ends_line && !stream.parser.has_open_record();
    place.done = is_noise ? raw_end_ : place.raw;
    return place.ToJson();
  }

  std::shared_ptr<const std::string> ContextOf(ContentStream* stream) {
    const uint32_t version = stream->parser.context_version();
    if (stream->context == nullptr || version != stream->context_version) {
      stream->context = std::make_shared<const std::string>(stream->parser.context().ToJson());
      stream->context_version = version;
    }
    return stream->context;
  }

  // ------------------------------------------------------------ why nothing is found

  void Sample(ContentStream* stream, std::string_view window) {
    const uint64_t begin = stream->parser.offset();
    if (begin + window.size() > stream->sampled) {
      const uint64_t from = std::max(begin, stream->sampled);
      stream->diagnosis->Sample(window.substr(from - begin), from);
      stream->sampled = begin + window.size();
    }
    if (stream->sampled >= kSampledBeginning) Diagnose(stream, /*last=*/false);
  }

  void Diagnose(ContentStream* stream, bool last) {
    if (stream->diagnosis == nullptr) return;
    if (!last && stream->sampled < kSampledBeginning) return;
    stream->diagnosis->Finish();
    const bool is_whole_log = file_->after.empty();
    if (is_whole_log && stream->parser.stats().total() == 0 && stream->diagnosis->InfoIsOff()) {
      shared_->parts_.log->Warn(
          "info_off " + stream->key,
          file_->path + ": no progress event found: " + LogDiagnosis::HowToTurnInfoOn());
    }
    stream->diagnosis = nullptr;
  }

  // ------------------------------------------------------------ memory

  LineBuffer& Wake(RestingBuffer* buffer) {
    return buffer->Wake([this] { return shared_->TakeBuffer(); });
  }

  void Rest(RestingBuffer* buffer) {
    if (auto idle = buffer->Rest()) shared_->GiveBack(std::move(idle));
  }

  LogTails* shared_;
  const FilePosition* file_;
  StreamFacts facts_;
  uint64_t begin_ = 0;
  std::optional<Wrapping> wrapping_;
  std::optional<Unwrapper> unwrapper_;
  std::optional<Unwrapper> successor_;  // of the file's successor
  std::vector<std::unique_ptr<ContentStream>> streams_;
  RestingBuffer raw_;       // bytes of the file that are not done with
  uint64_t raw_begin_ = 0;  // where they stand in it
  uint64_t raw_end_ = 0;
  History raw_history_;   // before raw_begin_
  size_t continued_ = 0;  // bytes of the successor that were taken or refused
};

// ---------------------------------------------------------------- what tails share

LogTails::LogTails(Parts parts) : parts_(std::move(parts)) {}
LogTails::~LogTails() = default;

std::unique_ptr<FileTail> LogTails::MakeTail(const FilePosition* file) {
  return std::make_unique<LogTail>(this, file);
}

void LogTails::HandOnAll() {
  for (const auto& [file, tail] : tails_) tail->HandOn();
}

std::vector<StreamKey> LogTails::Streams() const {
  std::vector<StreamKey> keys;
  for (const auto& [file, tail] : tails_) {
    for (const auto& stream : tail->streams()) keys.push_back(stream->key);
  }
  return keys;
}

ParserStats LogTails::stats() const {
  ParserStats sum = ended_stats_;
  for (const auto& [file, tail] : tails_) {
    for (const auto& stream : tail->streams()) sum.Add(stream->parser.stats());
  }
  return sum;
}

StreamKey LogTails::KeyOf(const std::string& file, const std::string& std_stream) const {
  StreamKey key = parts_.source + "/" + file;
  if (!std_stream.empty()) key.append("/").append(std_stream);
  return key;
}

ParserContext LogTails::ContextAfter(const std::string& file, const std::string& std_stream) const {
  if (const auto tail = tails_.find(file); tail != tails_.end()) {
    for (const auto& stream : tail->second->streams()) {
      if (stream->std_stream == std_stream) return stream->parser.context().OfSuccessor();
    }
  }
  const StreamKey key = KeyOf(file, std_stream);
  if (const auto last = last_contexts_.find(key); last != last_contexts_.end()) {
    return last->second;
  }
  const Cursor* cursor = parts_.output->NewestOf(key);
  if (cursor == nullptr) return {};
  return ParserContext::FromJson(*cursor->context).value_or(ParserContext()).OfSuccessor();
}

void LogTails::Ended(const LogTail& tail) {
  tails_.erase(tail.file().file);
  for (const auto& stream : tail.streams()) {
    ended_stats_.Add(stream->parser.stats());
    last_contexts_[stream->key] = stream->parser.context().OfSuccessor();
    ended_.push_back(stream->key);
  }
  for (; ended_.size() > kMostLastContexts; ended_.pop_front())
    last_contexts_.erase(ended_.front());
}

std::unique_ptr<LineBuffer> LogTails::TakeBuffer() {
  if (buffers_.empty()) return std::make_unique<LineBuffer>(kReadSize, kPadding);
  std::unique_ptr<LineBuffer> buffer = std::move(buffers_.back());
  buffers_.pop_back();
  return buffer;
}

void LogTails::GiveBack(std::unique_ptr<LineBuffer> buffer) {
  buffer->MakeRoom();
  if (buffers_.size() < kMostBuffers) buffers_.push_back(std::move(buffer));
}

}  // namespace sparktail
