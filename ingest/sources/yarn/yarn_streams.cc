#include "ingest/sources/yarn/yarn_streams.h"

#include <algorithm>
#include <utility>

#include "ingest/sources/yarn/yarn_position.h"
#include "parsers/byte_buffer.h"
#include "parsers/identity.h"
#include "parsers/log_parser.h"

namespace sparktail {
namespace {

// Cursors that move over noise only are worth less than the writing of them.
constexpr absl::Duration kNoiseInterval = absl::Seconds(5);
constexpr uint64_t kNoiseBytes = uint64_t{64} << 20;
// So much is parsed at once.
constexpr size_t kParseBytes = size_t{256} << 10;
constexpr size_t kKeptBytes = size_t{4} << 10;
constexpr size_t kMostOthers = 10'000;

StreamFacts FactsOf(const YarnLog& log, const std::string& source, const std::string& environment) {
  StreamFacts facts;
  facts.environment = environment;
  facts.source_name = source;
  facts.path = log.origin.application + "/" + log.name.address.container + "/" + log.name.file;
  AddFactsFromPath("/" + facts.path, &facts);
  const std::string& node = log.name.address.node;
  facts.host = node.substr(0, node.rfind(':'));
  facts.identity.app_name = log.origin.name;
  facts.identity.deploy_mode = log.origin.deploy_mode;
  return facts;
}

// Takes out the events that start_at passes over.
void PassOver(int64_t since_ms, EventBuffer* events) {
  if (since_ms == INT64_MIN) return;
  EventBuffer kept;
  for (const EventRef& event : events->events) {
    if (event.time_ms < since_ms) continue;
    EventRef moved = event;
    moved.begin = kept.bytes.size();
    kept.bytes.Append(events->document(event));
    moved.end = kept.bytes.size();
    kept.bytes.Append('\n');
    kept.events.push_back(moved);
  }
  *events = std::move(kept);
}

}  // namespace

class YarnStreams::Tail : public YarnLogTail {
 public:
  Tail(YarnStreams* shared, YarnPosition position, const ParsePosition& from)
      : shared_(shared),
        position_(std::move(position)),
        key_(YarnStreamKey(shared->parts_.source, position_.log)),
        parser_(shared->parts_.parser,
                FactsOf(position_.log, shared->parts_.source, shared->parts_.environment),
                &shared->scratch_, from),
        begin_(from.offset),
        emitted_(from.offset),
        grown_(shared->parts_.os->Now()) {
    shared_->tails_.insert(this);
  }
  ~Tail() override {
    shared_->tails_.erase(this);
    shared_->ended_stats_.Add(parser_.stats());
  }

  uint64_t begin() const override { return begin_; }

  void OnBytes(std::string_view bytes) override {
    grown_ = shared_->parts_.os->Now();
    while (!bytes.empty()) {
      const size_t size = std::min(bytes.size(), kParseBytes);
      text_.Append(bytes.substr(0, size));
      bytes.remove_prefix(size);
      Done(parser_.Parse(text_.padded(), /*last=*/false, &events_));
    }
  }

  void SetInexact() override { position_.is_inexact = true; }

  void EndTurn() override {
    const uint64_t settled = parser_.settled();
    if (!events_.events.empty() || settled - emitted_ >= kNoiseBytes) return Emit(false);
    if (settled != emitted_) moved_ = std::min(moved_, shared_->parts_.os->Now());
  }

  bool Tick(absl::Time now, bool at_end) override {
    if (parser_.CanExpire() && at_end && now - grown_ >= shared_->parts_.record_timeout) {
      Done(parser_.Expire(text_.padded(), &events_));
      EndTurn();
    }
    if (now - moved_ >= kNoiseInterval) Emit(false);
    return parser_.CanExpire() || moved_ != absl::InfiniteFuture();
  }

  void End() override {
    Done(parser_.Parse(text_.padded(), /*last=*/true, &events_));
    has_ended_ = true;
    Emit(true);
  }

  // The sinks are told of it, with or without events.
  void Emit(bool ended) {
    const uint32_t version = parser_.context_version();
    if (context_ == nullptr || version != context_version_) {
      context_ = std::make_shared<const std::string>(parser_.context().ToJson());
      context_version_ = version;
    }
    auto cursor = std::make_shared<Cursor>();
    cursor->offset = parser_.settled();
    cursor->position = position_.ToJson();
    cursor->context = context_;
    cursor->ended = ended;
    auto batch = std::make_shared<Batch>();
    batch->stream = key_;
    batch->begin = emitted_;
    batch->end = std::move(cursor);
    batch->events = std::exchange(events_, EventBuffer());
    emitted_ = batch->end->offset;
    moved_ = absl::InfiniteFuture();
    if (shared_->parts_.observe) shared_->parts_.observe(batch->events);
    const std::shared_ptr<const Batch> emitted = std::move(batch);
    shared_->parts_.output->Emit({&emitted, 1});
  }

  void HandOn() {
    if (!has_ended_ && (parser_.settled() != emitted_ || !events_.events.empty())) Emit(false);
  }

  const StreamKey& key() const { return key_; }
  const ParserStats& stats() const { return parser_.stats(); }

 private:
  void Done(size_t done) {
    text_.DropFront(done);
    if (text_.size() == 0) text_.Trim(kKeptBytes);
    PassOver(position_.log.origin.since_ms, &events_);
    shared_->scratch_.Trim();
  }

  YarnStreams* const shared_;
  YarnPosition position_;
  const StreamKey key_;
  LogParser parser_;
  const uint64_t begin_;
  ByteBuffer text_;   // from parser_.offset() on
  uint64_t emitted_;  // where the last batch ended
  EventBuffer events_;
  absl::Time grown_;
  absl::Time moved_ = absl::InfiniteFuture();  // since when there is something to hand on
  std::shared_ptr<const std::string> context_;
  uint32_t context_version_ = 0;
  bool has_ended_ = false;
};

YarnStreams::YarnStreams(Parts parts)
    : parts_(std::move(parts)), documents_(parts_.source, parts_.environment) {}
YarnStreams::~YarnStreams() = default;

// ---------------------------------------------------------------- logs

std::unique_ptr<YarnLogTail> YarnStreams::MakeTail(const YarnLog& log) {
  const StreamKey key = YarnStreamKey(parts_.source, log);
  const Cursor* newest = parts_.output->NewestOf(key);
  const Cursor* start = parts_.output->StartOf(key);
  if (start != nullptr && start->ended && newest->ended) return nullptr;
  YarnPosition position{log, false};
  ParsePosition from;
  if (newest != nullptr) {
    // As it was known when its first documents were made.
    if (std::optional<YarnPosition> known = YarnPosition::FromJson(newest->position)) {
      position = *std::move(known);
    }
  }
  if (start != nullptr) {
    from.offset = start->offset;
    from.context = ParserContext::FromJson(*start->context).value_or(ParserContext());
  }
  auto tail = std::make_unique<Tail>(this, std::move(position), from);
  if (newest == nullptr) tail->Emit(/*ended=*/false);
  return tail;
}

std::vector<YarnLog> YarnStreams::Remembered() const {
  std::vector<YarnLog> logs;
  for (const StreamKey& key : parts_.output->Streams()) {
    const Cursor* newest = parts_.output->NewestOf(key);
    const Cursor* start = parts_.output->StartOf(key);
    if (start != nullptr && start->ended && newest->ended) continue;
    std::optional<YarnPosition> position = YarnPosition::FromJson(newest->position);
    if (position) logs.push_back(std::move(position->log));
  }
  return logs;
}

// ---------------------------------------------------------------- what is told of applications

uint64_t YarnStreams::BeginOf(const StreamKey& key) const {
  const Cursor* start = parts_.output->StartOf(key);
  const auto given = others_.find(key);
  const uint64_t begin = start == nullptr ? 0 : start->offset;
  return given == others_.end() ? begin : std::max(begin, given->second);
}

uint64_t YarnStreams::NextJobKey(const YarnOrigin& origin) {
  return BeginOf(YarnDriverKey(parts_.source, origin, "jobs"));
}

uint64_t YarnStreams::NextBatchKey(const YarnOrigin& origin) {
  return BeginOf(YarnDriverKey(parts_.source, origin, "batches"));
}

void YarnStreams::OnJobs(const YarnOrigin& origin, const std::vector<FinishedJob>& jobs) {
  if (jobs.empty()) return;
  EventBuffer events;
  for (const FinishedJob& job : jobs) {
    documents_.WriteJob(origin, job, JobKey(job.job), &events);
  }
  PassOver(origin.since_ms, &events);
  Emit(YarnDriverKey(parts_.source, origin, "jobs"), JobKey(jobs.back().job) + 1,
       std::move(events));
}

void YarnStreams::OnBatches(const YarnOrigin& origin, const std::vector<SparkBatch>& batches) {
  if (batches.empty()) return;
  EventBuffer events;
  for (const SparkBatch& batch : batches) {
    documents_.WriteBatch(origin, batch, static_cast<uint64_t>(batch.time), &events);
  }
  PassOver(origin.since_ms, &events);
  Emit(YarnDriverKey(parts_.source, origin, "batches"),
       static_cast<uint64_t>(batches.back().time) + 1, std::move(events));
}

void YarnStreams::OnReports(absl::Time time, const std::vector<AppReport>& reports) {
  const auto seconds = static_cast<uint64_t>(std::max<int64_t>(absl::ToUnixSeconds(time), 0));
  EventBuffer events;
  for (const AppReport& report : reports) documents_.WriteApp(time, report, seconds, &events);
  Emit(YarnReportsKey(parts_.source), seconds + 1, std::move(events));
}

absl::Time YarnStreams::Reported() const {
  const Cursor* newest = parts_.output->NewestOf(YarnReportsKey(parts_.source));
  if (newest == nullptr || newest->offset == 0) return absl::InfinitePast();
  return absl::FromUnixSeconds(static_cast<int64_t>(newest->offset) - 1);
}

void YarnStreams::Emit(const StreamKey& key, uint64_t end, EventBuffer events) {
  static const auto kNoContext = std::make_shared<const std::string>("{}");
  auto cursor = std::make_shared<Cursor>();
  cursor->offset = end;
  cursor->position = "{}";
  cursor->context = kNoContext;
  auto batch = std::make_shared<Batch>();
  batch->stream = key;
  batch->begin = std::min(BeginOf(key), end);
  batch->end = std::move(cursor);
  for (const EventRef& event : events.events) {
    ++ended_stats_.events[static_cast<size_t>(event.kind)];
  }
  batch->events = std::move(events);
  if (others_.size() >= kMostOthers) others_.erase(others_.begin());
  others_[key] = end;
  const std::shared_ptr<const Batch> emitted = std::move(batch);
  parts_.output->Emit({&emitted, 1});
}

// ---------------------------------------------------------------- all of them

void YarnStreams::HandOnAll() {
  for (Tail* tail : tails_) tail->HandOn();
}

std::vector<StreamKey> YarnStreams::Streams() const {
  std::vector<StreamKey> keys;
  for (const Tail* tail : tails_) keys.push_back(tail->key());
  for (const auto& [key, end] : others_) keys.push_back(key);
  return keys;
}

ParserStats YarnStreams::stats() const {
  ParserStats sum = ended_stats_;
  for (const Tail* tail : tails_) sum.Add(tail->stats());
  return sum;
}

}  // namespace sparktail
