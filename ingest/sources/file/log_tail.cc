#include "ingest/sources/file/log_tail.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ingest/sources/file/log_tails.h"
#include "parsers/header.h"
#include "parsers/log_diagnosis.h"

namespace sparktail {
namespace {

// Least distance between two places of a wrapped file.
constexpr uint64_t kPlaceInterval = 1024;

constexpr std::array<std::string_view, 2> kStdStreams = {"stdout", "stderr"};

constexpr std::array<std::string_view, 3> kWrappingNames = {"none", "cri", "docker"};

std::string_view NameOf(Wrapping wrapping) { return kWrappingNames[static_cast<size_t>(wrapping)]; }

std::optional<Wrapping> WrappingNamed(std::string_view name) {
  const auto found = std::find(kWrappingNames.begin(), kWrappingNames.end(), name);
  if (found == kWrappingNames.end()) return std::nullopt;
  return static_cast<Wrapping>(found - kWrappingNames.begin());
}

}  // namespace

// ---------------------------------------------------------------- where a tail begins

LogTail::LogTail(LogTails* shared, const FileIdentity* file, const ReadPlace& start)
    : shared_(shared), file_(file), start_(start), raw_(&shared->content_.buffers) {
  facts_.environment = shared->parts_.environment;
  facts_.source_name = shared->parts_.source;
  facts_.host = shared->parts_.host;
  facts_.path = file->path;
  AddFactsFromPath(file->path, &facts_);
  Resume();
  shared_->tails_[file->name] = this;
}

LogTail::~LogTail() { shared_->OnTailEnd(*this); }

void LogTail::Resume() {
  const Output& output = *shared_->parts_.output;
  begin_ = UINT64_MAX;
  bool is_known = false;
  for (const std::string_view std_stream : {std::string_view(), kStdStreams[0], kStdStreams[1]}) {
    const StreamKey key = shared_->KeyOf(file_->name, std::string(std_stream));
    if (output.NewestOf(key) == nullptr) continue;
    is_known = true;
    if (const Cursor* start = output.StartOf(key)) {
      ResumeStream(std::string(std_stream), *start);
    } else {
      begin_ = 0;  // a sink does not know the stream yet
    }
  }
  if (!is_known || begin_ == UINT64_MAX) begin_ = 0;
  raw_begin_ = raw_end_ = begin_;
}

void LogTail::ResumeStream(const std::string& std_stream, const Cursor& cursor) {
  ReadPlace place = FilePosition::FromJson(cursor.position).value_or(FilePosition()).place;
  wrapping_ = WrappingNamed(place.wrapping).value_or(Wrapping::kNone);
  ParsePosition from = ContentStream::PlaceOf(cursor);
  if (place.seek) {
    from.offset = *place.seek;
    place.raw = place.content = IsPlain() ? *place.seek : 0;
    place.marker = Fingerprint();
  }
  // The place is impossible: read from the beginning.
  if (place.content > from.offset) place.raw = place.content = from.offset = 0;
  Stream* stream = AddStream(std_stream, from);
  if (IsPlain() && place.raw != from.offset) {
    place.raw = place.content = from.offset;
    place.marker = Fingerprint();
  }
  stream->announced = true;
  stream->first_raw = place.raw;
  stream->drop = from.offset - place.content;
  stream->places = {{place.content, place.raw, place.marker}};
  begin_ = std::min(begin_, place.raw);
}

LogTail::Stream* LogTail::AddStream(const std::string& std_stream, const ParsePosition& from) {
  const bool is_new = from.offset == 0 && from.context == ParserContext();
  ParsePosition begin = from;
  if (is_new && !file_->after.empty()) {
    begin.context = shared_->ContextAfter(file_->after, std_stream);
  }
  streams_.push_back(std::make_unique<Stream>(
      &shared_->content_, shared_->KeyOf(file_->name, std_stream), facts_, begin));
  Stream* stream = streams_.back().get();
  stream->std_stream = std_stream;
  ContentStream& content = stream->content;
  content.SkipOlderThan(start_.since_ms);
  if (std_stream.empty()) {
    content.SkipBefore(start_.from);
    content.SetOnParsed(
        [this, stream](std::string_view text, size_t done) { OnPlainParsed(stream, text, done); });
  } else if (start_.from > 0) {
    stream->has_start = false;
    content.SkipBefore(UINT64_MAX);  // until AddLine() knows the offset
  }
  if (from.offset == 0) content.StartDiagnosis(/*now_and_again=*/false);
  return stream;
}

LogTail::Stream* LogTail::PlainStream() {
  if (streams_.empty()) AddStream("", ParsePosition())->places = {{0, 0, Fingerprint()}};
  return streams_[0].get();
}

LogTail::Stream* LogTail::StreamOf(StdStream which) {
  const std::string_view std_stream = kStdStreams[static_cast<size_t>(which)];
  for (auto& stream : streams_) {
    if (stream->std_stream == std_stream) return stream.get();
  }
  return AddStream(std::string(std_stream), ParsePosition());
}

// ---------------------------------------------------------------- bytes to content

bool LogTail::HasRoom() { return shared_->parts_.output->HasRoom(); }

std::span<char> LogTail::Room() { return IsPlain() ? PlainStream()->content.Room() : raw_.Room(); }

void LogTail::OnBytes(size_t size) {
  raw_end_ += size;
  if (IsPlain()) {
    PlainStream()->content.Commit(size);
  } else {
    raw_.Commit(size);
    if (!wrapping_) Recognize(/*complete=*/false);
  }
  if (wrapping_) Read(/*last=*/false);
}

void LogTail::Recognize(bool complete) {
  wrapping_ = RecognizeWrapping(raw_.view(), complete);
  const bool is_too_long = raw_.view().size() > shared_->parts_.parser.max_event_bytes;
  if (!wrapping_ && (complete || is_too_long)) wrapping_ = Wrapping::kNone;
  if (IsPlain()) PlainStream()->content.TakeAll(&raw_);
}

void LogTail::Read(bool last) {
  if (!IsPlain()) return ReadWrapped(last);
  Stream* stream = PlainStream();
  if (!stream->has_text) {
    stream->has_text = stream->content.text().find_first_not_of('\0') != std::string_view::npos;
  }
  stream->content.Parse();
  Diagnose(stream);
}

void LogTail::OnPlainParsed(Stream* stream, std::string_view text, size_t done) {
  const uint64_t begin = stream->content.offset() - done;
  const uint64_t settled = stream->content.settled();
  const bool is_here = settled >= begin && settled <= begin + text.size();
  const bool is_lent = stream->real_end > 0 && settled > stream->real_end;
  if (settled != stream->settled && is_here && !is_lent) {
    stream->places.front() = {settled, settled,
                              before_.MarkerAfter(text.substr(0, settled - begin))};
  }
  stream->settled = settled;
  before_.Add(text.substr(0, done));
}

void LogTail::ReadWrapped(bool last) {
  if (!unwrapper_) unwrapper_.emplace(*wrapping_, &shared_->content_.scratch);
  const std::string_view data = raw_.view();
  size_t at = 0;
  while (const auto line = unwrapper_->Next(data.substr(at), last)) {
    if (line->is_wrapped) {
      AddLine(*line, raw_begin_ + at, [&] { return before_.MarkerAfter(data.substr(0, at)); });
    }
    at += line->size;
  }
  before_.Add(data.substr(0, at));
  raw_.DropFront(at);
  raw_begin_ += at;
  for (auto& stream : streams_) {
    stream->content.Parse();
    TrimPlaces(stream.get());
    Diagnose(stream.get());
  }
}

void LogTail::AddLine(const Unwrapper::Line& line, uint64_t raw,
                      absl::FunctionRef<Fingerprint()> marker_before) {
  Stream* stream = StreamOf(line.stream);
  if (raw < stream->first_raw) return;
  const uint64_t end = stream->content.end();
  if (!stream->has_start && raw >= start_.from) {
    stream->has_start = true;
    stream->content.SkipBefore(end);
  }
  const uint64_t begin = end - std::min(stream->drop, end);
  if (stream->places.empty() || begin >= stream->places.back().content + kPlaceInterval) {
    stream->places.push_back({begin, raw, marker_before()});
  }
  const size_t dropped = std::min<uint64_t>(stream->drop, line.content.size());
  stream->drop -= dropped;
  const std::string_view content = line.content.substr(dropped);
  if (content.empty()) return;
  stream->has_text = true;
  stream->content.Append(content);
}

void LogTail::TrimPlaces(Stream* stream) {
  stream->settled = stream->content.settled();
  std::deque<Place>& places = stream->places;
  while (places.size() > 1 && places[1].content <= stream->settled) places.pop_front();
}

void LogTail::Diagnose(Stream* stream) {
  const std::unique_ptr<LogDiagnosis> diagnosis = stream->content.TakeDiagnosis();
  const bool is_whole_log = file_->after.empty();
  if (diagnosis == nullptr || !is_whole_log || stream->content.stats().total() > 0) return;
  if (!diagnosis->InfoIsOff()) return;
  shared_->parts_.log->Warn(
      "info_off " + stream->content.key().text(),
      file_->path + ": no progress event found: " + LogDiagnosis::HowToTurnInfoOn());
}

// ---------------------------------------------------------------- turns, time and the end

void LogTail::EndTurn() {
  bool is_due = false;
  for (auto& stream : streams_) {
    const bool has_much = stream->content.EndTurn();
    is_due = is_due || has_much || IsUnknown(*stream);
  }
  if (is_due) EmitAll();
  raw_.Rest();
  shared_->content_.scratch.Trim();
}

bool LogTail::Tick(absl::Time now, absl::FunctionRef<bool()> at_end) {
  bool waits = false;
  for (auto& stream : streams_) {
    const ContentStream& content = stream->content;
    if (content.has_ended()) continue;
    if (content.IsSilent(now) && at_end()) Expire(stream.get());
    if (content.IsDue(now)) EmitAll();
    waits = waits || content.WaitsForTime();
  }
  return waits;
}

void LogTail::Expire(Stream* stream) {
  stream->content.Expire();
  TrimPlaces(stream);
  EndTurn();
}

void LogTail::End() {
  if (!wrapping_) Recognize(/*complete=*/true);
  Read(/*last=*/true);
  std::vector<std::shared_ptr<const Batch>> batches;
  for (auto& stream : streams_) {
    if (stream->content.has_ended()) continue;
    stream->content.Finish();
    TrimPlaces(stream.get());
    Diagnose(stream.get());
    batches.push_back(TakeBatch(stream.get()));
  }
  if (!batches.empty()) shared_->parts_.output->Emit(batches);
}

// ---------------------------------------------------------------- a record that continues in the
// next file

bool LogTail::WantsContinuation() const {
  return std::any_of(streams_.begin(), streams_.end(),
                     [](const auto& stream) { return WantsMore(*stream); });
}

bool LogTail::has_continued() const {
  return std::any_of(streams_.begin(), streams_.end(),
                     [](const auto& stream) { return stream->real_end > 0; });
}

bool LogTail::WantsMore(const Stream& stream) {
  return !stream.content.has_ended() && stream.continues && !stream.content.IsWhole();
}

// True if `part`, a line after a trace without its newline, may turn out to be a header. All other
// open records lack something, and end with the line at the latest.
bool LogTail::MayBecomeHeader(const Stream& stream, std::string_view part) {
  return stream.content.ends_line() && stream.content.CanExpire() && part[0] != ' ' &&
         part[0] != '\t';
}

void LogTail::Continue(std::string_view bytes, bool last) {
  if (bytes.size() <= continued_) return;
  if (wrapping_.value_or(Wrapping::kNone) == Wrapping::kNone) {
    ContinuePlain(bytes, last);
  } else {
    ContinueWrapped(bytes, last);
  }
}

// `line` is the successor's next one; complete, unless no more of it will come.
void LogTail::ContinueWith(Stream* stream, std::string_view line) {
  if (!WantsMore(*stream)) return;
  ContentStream& content = stream->content;
  if (content.ends_line() && ParseHeader(line)) {
    stream->continues = false;
    Expire(stream);
    return;
  }
  if (stream->real_end == 0) {
    stream->real_end = content.end();
    content.LimitCursor(stream->real_end);
  }
  content.Append(line);
  content.Parse();
  TrimPlaces(stream);
}

void LogTail::ContinuePlain(std::string_view bytes, bool last) {
  if (streams_.empty()) return;
  Stream* stream = streams_[0].get();
  // A writer that keeps its place while its file is truncated leaves a hole.
  if (stream->real_end == 0) {
    continued_ = std::min(bytes.find_first_not_of('\0', continued_), bytes.size());
  }
  while (WantsMore(*stream)) {
    const size_t newline = bytes.find('\n', continued_);
    if (newline == std::string_view::npos) {
      const std::string_view rest = bytes.substr(continued_);
      if (!last || rest.empty() || MayBecomeHeader(*stream, rest)) return;
      ContinueWith(stream, rest);
      continued_ = bytes.size();
      return;
    }
    ContinueWith(stream, bytes.substr(continued_, newline + 1 - continued_));
    continued_ = newline + 1;
  }
}

void LogTail::ContinueWrapped(std::string_view bytes, bool last) {
  if (!successor_) successor_.emplace(*wrapping_, &shared_->content_.scratch);
  while (WantsContinuation()) {
    const auto line = successor_->Next(bytes.substr(continued_), last);
    if (!line) return;
    continued_ += line->size;
    if (!line->is_wrapped || line->content.empty()) continue;
    Stream* stream = StreamOf(line->stream);
    const bool is_part = last && !line->content.ends_with('\n');
    if (!is_part || !MayBecomeHeader(*stream, line->content)) ContinueWith(stream, line->content);
  }
}

// ---------------------------------------------------------------- batches

// A new stream is announced at once, so that its file is found again after a kill, under whatever
// name. But one hole looks like another: a file that is nothing else could be taken for its
// successor.
bool LogTail::IsUnknown(const Stream& stream) { return !stream.announced && stream.has_text; }

void LogTail::EmitAll() {
  std::vector<std::shared_ptr<const Batch>> batches;
  for (auto& stream : streams_) {
    if (stream->content.has_ended()) continue;
    if (IsUnknown(*stream) || stream->content.HasNews()) batches.push_back(TakeBatch(stream.get()));
  }
  if (!batches.empty()) shared_->parts_.output->Emit(batches);
}

std::shared_ptr<const Batch> LogTail::TakeBatch(Stream* stream) {
  stream->announced = true;
  return stream->content.TakeBatch(PositionOf(*stream));
}

std::string LogTail::PositionOf(const Stream& stream) const {
  ReadPlace place = start_;
  place.wrapping = NameOf(wrapping_.value_or(Wrapping::kNone));
  place.std_stream = stream.std_stream;
  place.seek.reset();
  if (!stream.places.empty()) {
    place.raw = stream.places.front().raw;
    place.content = stream.places.front().content;
    place.marker = stream.places.front().marker;
  }
  // The last record of noise is only settled by the next one.
  place.done = stream.content.IsWhole() ? raw_end_ : place.raw;
  return FilePosition{*file_, std::move(place)}.ToJson();
}

}  // namespace sparktail
