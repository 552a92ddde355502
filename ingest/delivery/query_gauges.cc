#include "ingest/delivery/query_gauges.h"

#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace sparktail {
namespace {

double Seconds(int64_t time_ms) {
  return time_ms == kNoTime ? std::numeric_limits<double>::quiet_NaN()
                            : absl::ToDoubleSeconds(absl::Milliseconds(time_ms));
}

QueryStatus StatusOf(const EventRef& event, const EventValues& values) {
  QueryStatus query;
  query.environment = values.text(EventField::kEnvironment);
  query.app_name = values.text(EventField::kAppName);
  query.query = values.text(EventField::kQueryName);
  if (query.query.empty()) query.query = values.text(EventField::kQueryId);
  query.batch_id = values.number(EventField::kBatchId);
  query.input_rows = values.number(EventField::kInputRows);
  query.input_rows_per_second = values.number(EventField::kInputRate);
  query.processed_rows_per_second = values.number(EventField::kProcessedRate);
  query.duration_ms = values.number(EventField::kDuration);
  query.state_rows = values.number(EventField::kStateRows);
  query.state_bytes = values.number(EventField::kStateBytes);
  query.watermark_delay_ms = values.number(EventField::kWatermarkDelay);
  query.lag_rows = values.number(EventField::kLagRows);
  query.timestamp = Seconds(event.time_ms);
  return query;
}

size_t TextBytes(const QueryStatus& query) {
  return query.environment.size() + query.app_name.size() + query.query.size();
}

}  // namespace

void QueryGauges::Observe(const EventBuffer& events) {
  AllNews all;
  for (size_t i = events.events.size(); i-- > 0;) Gather(events, events.events[i], &all);
  if (all.empty()) return;
  const absl::Time now = os_->Now();
  for (auto& [id, news] : all) {
    const absl::MutexLock lock(&mutex_);
    Store(id, std::move(news), now);
  }
}

// Called with the last event of a buffer first, which takes precedence over earlier ones.
void QueryGauges::Gather(const EventBuffer& events, const EventRef& event, AllNews* all) {
  if (event.kind != EventKind::kProgress && event.kind != EventKind::kQuery) return;
  if (!reader_.Read(events, event, &values_)) return;
  const std::string_view id = values_.text(EventField::kQueryId);
  if (id.empty()) return;
  auto known = all->find(id);
  if (event.kind == EventKind::kProgress) {
    if (known != all->end() && known->second.progress) return;
    QueryStatus query = StatusOf(event, values_);
    if (TextBytes(query) > kMostTextBytes) return;
    if (known == all->end()) known = all->try_emplace(std::string(id)).first;
    known->second.progress = std::move(query);
    return;
  }
  if (known != all->end()) return;
  const std::string_view phase = values_.text(EventField::kPhase);
  if (phase == "stopped") all->try_emplace(std::string(id), News{std::nullopt, true, false});
  if (phase == "terminated") all->try_emplace(std::string(id), News{std::nullopt, false, true});
}

void QueryGauges::Store(const std::string& id, News news, absl::Time now) {
  const auto known = by_id_.find(id);
  if (!news.progress || news.stopped) {
    if (known == by_id_.end()) return;
    known->second->query.failed = news.failed;
    known->second->seen = now;
    entries_.splice(entries_.end(), entries_, known->second);
    if (news.stopped) Drop(known->second);
    return;
  }
  if (known != by_id_.end()) Drop(known->second);
  bytes_ += TextBytes(*news.progress);
  entries_.push_back({id, *std::move(news.progress), now});
  entries_.back().query.failed = news.failed;
  by_id_[id] = std::prev(entries_.end());
  while (entries_.size() > kMostQueries || bytes_ > kMostBytes) Drop(entries_.begin());
}

void QueryGauges::Drop(Entries::iterator entry) {
  bytes_ -= TextBytes(entry->query);
  by_id_.erase(entry->id);
  entries_.erase(entry);
}

std::vector<QueryStatus> QueryGauges::Read() {
  const absl::MutexLock lock(&mutex_);
  const absl::Time now = os_->Now();
  while (!entries_.empty() && now - entries_.front().seen > kForgetAfter) Drop(entries_.begin());
  std::vector<QueryStatus> queries;
  queries.reserve(entries_.size());
  for (const Entry& entry : entries_) queries.push_back(entry.query);
  return queries;
}

}  // namespace sparktail
