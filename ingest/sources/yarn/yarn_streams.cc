#include "ingest/sources/yarn/yarn_streams.h"

#include <algorithm>
#include <utility>

#include "ingest/base/host_port.h"
#include "ingest/sources/yarn/yarn_position.h"
#include "parsers/identity.h"

namespace sparktail {
namespace {

// A log is parsed in pieces of this size.
constexpr size_t kParseBytes = size_t{256} << 10;
constexpr size_t kMostOthers = 10'000;

StreamFacts FactsOf(const YarnLog& log, const std::string& source, const std::string& environment) {
  StreamFacts facts;
  facts.environment = environment;
  facts.source_name = source;
  facts.path = log.origin.application + "/" + log.name.address.container + "/" + log.name.file;
  AddFactsFromPath("/" + facts.path, &facts);
  if (const auto node = ParseHostPort(log.name.address.node)) facts.host = node->host;
  facts.identity.app_name = log.origin.name;
  facts.identity.deploy_mode = log.origin.deploy_mode;
  return facts;
}

void DropOld(int64_t since_ms, EventBuffer* events) {
  events->KeepIf([&](const EventRef& event) { return event.time_ms >= since_ms; });
}

}  // namespace

class YarnStreams::Tail : public YarnLogTail {
 public:
  Tail(YarnStreams* shared, YarnPosition position, const ParsePosition& from)
      : shared_(shared),
        position_(std::move(position)),
        begin_(from.offset),
        content_(&shared->content_, YarnStreamKey(shared->parts_.source, position_.log),
                 FactsOf(position_.log, shared->parts_.source, shared->parts_.environment), from) {
    content_.SkipOlderThan(position_.log.origin.since_ms);
    shared_->tails_.insert(this);
  }
  ~Tail() override { shared_->tails_.erase(this); }

  uint64_t begin() const override { return begin_; }

  void OnBytes(std::string_view bytes) override {
    while (!bytes.empty()) {
      const size_t size = std::min(bytes.size(), kParseBytes);
      content_.Append(bytes.substr(0, size));
      content_.Parse();
      bytes.remove_prefix(size);
    }
  }

  void SetInexact() override { position_.is_inexact = true; }

  void EndTurn() override {
    if (content_.EndTurn()) Emit();
    shared_->content_.scratch.Trim();
  }

  bool Tick(absl::Time now, bool at_end) override {
    if (at_end && content_.IsSilent(now)) {
      content_.Expire();
      EndTurn();
    }
    if (content_.IsDue(now)) Emit();
    return content_.WaitsForTime();
  }

  void End() override {
    content_.Finish();
    Emit();
  }

  // Even without events: the sinks must know the log.
  void Emit() {
    const std::shared_ptr<const Batch> batch = content_.TakeBatch(position_.ToJson());
    shared_->parts_.output->Emit({&batch, 1});
  }

  void EmitNews() {
    if (!content_.has_ended() && content_.HasNews()) Emit();
  }

  const ContentStream& content() const { return content_; }

 private:
  YarnStreams* const shared_;
  YarnPosition position_;
  const uint64_t begin_;
  ContentStream content_;
};

YarnStreams::YarnStreams(StreamParts parts)
    : parts_(std::move(parts)), documents_(parts_.source, parts_.environment), content_(parts_) {}
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
    // The log's origin as it was when its first documents were made.
    if (std::optional<YarnPosition> known = YarnPosition::FromJson(newest->position)) {
      position = *std::move(known);
    }
  }
  if (start != nullptr) {
    // `sparktail offsets set` moves one sink back before others, and wants all events from there.
    const std::optional<YarnPosition> begin = YarnPosition::FromJson(start->position);
    if (begin) position.log.origin.since_ms = begin->log.origin.since_ms;
    from = ContentStream::PlaceOf(*start);
  }
  auto tail = std::make_unique<Tail>(this, std::move(position), from);
  if (newest == nullptr) tail->Emit();
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

// ---------------------------------------------------------------- reports on applications

uint64_t YarnStreams::BeginOf(const StreamKey& key) const {
  const Cursor* start = parts_.output->StartOf(key);
  const auto given = others_.find(key);
  const uint64_t begin = start == nullptr ? 0 : start->order;
  return given == others_.end() ? begin : std::max(begin, given->second.end);
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
  DropOld(origin.since_ms, &events);
  Emit(YarnDriverKey(parts_.source, origin, "jobs"), JobKey(jobs.back().job) + 1,
       std::move(events));
}

void YarnStreams::OnBatches(const YarnOrigin& origin, const std::vector<SparkBatch>& batches) {
  if (batches.empty()) return;
  EventBuffer events;
  for (const SparkBatch& batch : batches) {
    documents_.WriteBatch(origin, batch, static_cast<uint64_t>(batch.time), &events);
  }
  DropOld(origin.since_ms, &events);
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
  if (newest == nullptr || newest->order == 0) return absl::InfinitePast();
  return absl::FromUnixSeconds(static_cast<int64_t>(newest->order) - 1);
}

void YarnStreams::Emit(const StreamKey& key, uint64_t end, EventBuffer events) {
  for (const EventRef& event : events.events) {
    ++content_.ended.events[static_cast<size_t>(event.kind)];
  }
  const bool is_new = !others_.contains(key);
  if (is_new && others_.size() >= kMostOthers) {
    others_.erase(std::min_element(
        others_.begin(), others_.end(),
        [](const auto& a, const auto& b) { return a.second.emitted < b.second.emitted; }));
  }
  others_[key] = {end, ++emitted_};
  const std::shared_ptr<const Batch> batch =
      MakePlainBatch(key, end, R"({"kind":"yarn"})", std::move(events));
  parts_.output->Emit({&batch, 1});
}

// ---------------------------------------------------------------- all streams

void YarnStreams::HandOnAll() {
  for (Tail* tail : tails_) tail->EmitNews();
}

std::vector<StreamKey> YarnStreams::Streams() const {
  std::vector<StreamKey> keys;
  for (const Tail* tail : tails_) keys.push_back(tail->content().key());
  for (const auto& [key, other] : others_) keys.push_back(key);
  return keys;
}

ParserStats YarnStreams::stats() const {
  ParserStats sum = content_.ended;
  for (const Tail* tail : tails_) sum.Add(tail->content().stats());
  return sum;
}

}  // namespace sparktail
