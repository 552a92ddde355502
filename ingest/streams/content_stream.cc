#include "ingest/streams/content_stream.h"

#include <algorithm>
#include <utility>

namespace sparktail {
namespace {

// The content that a diagnosis sees: the beginning, and then a window at each multiple.
constexpr uint64_t kSampledBeginning = uint64_t{256} << 10;
constexpr uint64_t kSampleEvery = uint64_t{16} << 20;

}  // namespace

std::shared_ptr<Batch> MakePlainBatch(StreamKey stream, uint64_t end, std::string position,
                                      EventBuffer events, bool ended) {
  static const auto kNoContext = std::make_shared<const std::string>("{}");
  auto cursor = std::make_shared<Cursor>();
  cursor->order = end;
  cursor->position = std::move(position);
  cursor->context = kNoContext;
  cursor->ended = ended;
  auto batch = std::make_shared<Batch>();
  batch->stream = std::move(stream);
  batch->end = std::move(cursor);
  batch->events = std::move(events);
  return batch;
}

ContentShare::ContentShare(const StreamParts& parts)
    : os(parts.os),
      parser(parts.parser),
      record_timeout(parts.record_timeout),
      observe(parts.observe) {}

ContentStream::ContentStream(ContentShare* share, StreamKey key, const StreamFacts& facts,
                             const ParsePosition& from)
    : share_(share),
      key_(std::move(key)),
      parser_(std::in_place, share->parser, facts, &share->scratch, from),
      text_(&share->buffers),
      end_(from.offset),
      parsed_(from.offset),
      emitted_(from.offset),
      grown_(share->os->Now()),
      sampled_(from.offset) {}

ParsePosition ContentStream::PlaceOf(const Cursor& cursor) {
  return {cursor.order, ParserContext::FromJson(*cursor.context).value_or(ParserContext())};
}

ContentStream::~ContentStream() { share_->ended.Add(parser_->stats()); }

// ---------------------------------------------------------------- content

void ContentStream::Commit(size_t size) {
  text_.Commit(size);
  OnAdded(size);
}

void ContentStream::Append(std::string_view bytes) {
  text_.Append(bytes);
  OnAdded(bytes.size());
}

void ContentStream::TakeAll(StreamBuffer* bytes) {
  const size_t size = bytes->view().size();
  text_.TakeAll(bytes);
  OnAdded(size);
}

void ContentStream::OnAdded(size_t size) {
  if (size == 0) return;
  end_ += size;
  ends_line_ = text_.view().back() == '\n';
  grown_ = share_->os->Now();
}

// ---------------------------------------------------------------- content to events

void ContentStream::Parse() {
  if (parsed_ == end_) return;
  Read([this] { return parser_->Parse(text_.padded(), /*last=*/false, &events_); });
}

void ContentStream::Finish() {
  has_ended_ = true;
  Read([this] { return parser_->Parse(text_.padded(), /*last=*/true, &events_); });
}

void ContentStream::Expire() {
  Read([this] { return parser_->Expire(text_.padded(), &events_); });
}

void ContentStream::Read(absl::FunctionRef<size_t()> parse) {
  if (diagnosis_ != nullptr) Sample();
  const size_t done = parse();
  parsed_ = end_;
  if (on_parsed_) on_parsed_(text_.view(), done);
  text_.DropFront(done);
  if (skip_before_ == 0 && since_ms_ == INT64_MIN) return;
  events_.KeepIf([this](const EventRef& event) {
    return event.offset >= skip_before_ && event.time_ms >= since_ms_;
  });
}

void ContentStream::GiveUp(const StreamFacts& facts) {
  Read([this] {
    parser_->Parse(text_.padded(), /*last=*/true, &events_);
    return text_.view().size();
  });
  share_->ended.Add(parser_->stats());
  const ParsePosition after{end_, parser_->context()};
  parser_.emplace(share_->parser, facts, &share_->scratch, after);
  context_ = nullptr;
  ends_line_ = true;
}

bool ContentStream::SettleWhole() {
  if (!IsWhole()) return false;
  whole_ = end_;
  return true;
}

// ---------------------------------------------------------------- events to batches

bool ContentStream::EndTurn() {
  text_.Rest();
  if (has_ended_) return false;
  const uint64_t moved = settled() - emitted_;
  if (moved > 0) noise_.OnMoved(share_->os->Now());
  return has_events() || moved >= NoiseTimer::kBytes;
}

std::shared_ptr<Batch> ContentStream::TakeBatch(std::string position) {
  auto cursor = std::make_shared<Cursor>();
  cursor->order = std::min(settled(), limit_);
  cursor->position = std::move(position);
  cursor->context = Context();
  cursor->ended = has_ended_;
  auto batch = std::make_shared<Batch>();
  batch->stream = key_;
  batch->end = std::move(cursor);
  batch->events = std::exchange(events_, EventBuffer());
  emitted_ = settled();
  noise_.Reset();
  if (share_->observe) share_->observe(batch->events);
  return batch;
}

std::shared_ptr<const std::string> ContentStream::Context() {
  const uint32_t version = parser_->context_version();
  if (context_ == nullptr || version != context_version_) {
    context_ = std::make_shared<const std::string>(parser_->context().ToJson());
    context_version_ = version;
  }
  return context_;
}

// ---------------------------------------------------------------- why there are no events

void ContentStream::StartDiagnosis(bool now_and_again) {
  diagnosis_ = std::make_unique<LogDiagnosis>();
  samples_on_ = now_and_again;
}

void ContentStream::Sample() {
  if (sampled_ == end_) return;
  const bool is_beginning = sampled_ < kSampledBeginning;
  if (is_beginning || (samples_on_ && sampled_ / kSampleEvery != end_ / kSampleEvery)) {
    diagnosis_->Sample(text_.view().substr(sampled_ - offset()), sampled_);
  }
  sampled_ = end_;
}

std::unique_ptr<LogDiagnosis> ContentStream::TakeDiagnosis() {
  const bool has_seen_beginning = !samples_on_ && sampled_ >= kSampledBeginning;
  if (diagnosis_ == nullptr || !(has_ended_ || has_seen_beginning)) return nullptr;
  diagnosis_->Finish();
  return std::move(diagnosis_);
}

}  // namespace sparktail
