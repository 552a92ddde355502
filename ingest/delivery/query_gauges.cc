#include "ingest/delivery/query_gauges.h"

#include <simdjson.h>

#include <limits>
#include <optional>
#include <utility>

namespace sparktail {
namespace {

// An object in a document that begins with these members and then an id. A string in the document
// can't be mistaken for it, since its quotes would be escaped.
struct Beginning {
  std::string_view key;
  std::string_view members;
};
constexpr Beginning kProgress = {"\"metrics\":", "\"id\":\""};
constexpr Beginning kStopped = {"\"query\":", "\"phase\":\"stopped\",\"id\":\""};
constexpr Beginning kTerminated = {"\"query\":", "\"phase\":\"terminated\",\"id\":\""};

constexpr size_t kMostEnvelopeBytes = 16384;  // usually a few hundred bytes
constexpr size_t kMostIdBytes = 64;

// Returns the id; empty if there is no such object.
std::string_view IdAfter(const Beginning& beginning, std::string_view document) {
  const std::string_view text = document.substr(0, kMostEnvelopeBytes);
  // Search for braces, which are rarer there than quotes.
  for (size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
    const std::string_view after = text.substr(at + 1);
    if (!text.substr(0, at).ends_with(beginning.key)) continue;
    if (!after.starts_with(beginning.members)) continue;
    const std::string_view rest = after.substr(beginning.members.size(), kMostIdBytes);
    const size_t quote = rest.find('"');
    return quote == std::string_view::npos ? std::string_view() : rest.substr(0, quote);
  }
  return {};
}

using simdjson::dom::element;

double Number(const element& document, const char* pointer) {
  double value = 0;
  return document.at_pointer(pointer).get(value) == simdjson::SUCCESS
             ? value
             : std::numeric_limits<double>::quiet_NaN();
}

std::string Text(const element& document, const char* pointer) {
  std::string_view value;
  return document.at_pointer(pointer).get(value) == simdjson::SUCCESS ? std::string(value)
                                                                      : std::string();
}

double Seconds(const std::string& timestamp) {
  absl::Time time;
  return absl::ParseTime(absl::RFC3339_full, timestamp, &time, nullptr)
             ? absl::ToDoubleSeconds(time - absl::UnixEpoch())
             : std::numeric_limits<double>::quiet_NaN();
}

std::optional<QueryStatus> ReadDocument(const std::string& text, simdjson::dom::parser* parser) {
  element document;
  if (parser->parse(text).get(document) != simdjson::SUCCESS) return std::nullopt;
  QueryStatus query;
  query.environment = Text(document, "/environment");
  query.app_name = Text(document, "/appName");
  query.query = Text(document, "/metrics/name");
  if (query.query.empty()) query.query = Text(document, "/metrics/id");
  query.batch_id = Number(document, "/metrics/batchId");
  query.input_rows = Number(document, "/metrics/numInputRows");
  query.input_rows_per_second = Number(document, "/metrics/inputRowsPerSecond");
  query.processed_rows_per_second = Number(document, "/metrics/processedRowsPerSecond");
  query.duration_ms = Number(document, "/metrics/durationMs/triggerExecution");
  query.state_rows = Number(document, "/derived/stateRows");
  query.state_bytes = Number(document, "/derived/stateBytes");
  query.watermark_delay_ms = Number(document, "/derived/watermarkDelayMs");
  query.lag_rows = Number(document, "/derived/lagRows");
  query.timestamp = Seconds(Text(document, "/metrics/timestamp"));
  return query;
}

}  // namespace

void QueryGauges::Observe(const EventBuffer& events) {
  AllNews all;
  for (size_t i = events.events.size(); i-- > 0;) {
    Gather(events.events[i].kind, events.document(events.events[i]), &all);
  }
  if (all.empty()) return;
  const absl::Time now = os_->Now();
  for (const auto& [id, news] : all) {
    std::shared_ptr<const std::string> copy;
    if (!news.document.empty() && !news.stopped) {
      copy = std::make_shared<const std::string>(news.document);
    }
    const absl::MutexLock lock(&mutex_);
    Store(id, std::move(copy), news, now);
  }
}

// Called with the last document of a buffer first, which takes precedence over earlier ones.
void QueryGauges::Gather(EventKind kind, std::string_view document, AllNews* all) {
  if (kind == EventKind::kProgress) {
    if (document.size() > kMostDocumentBytes) return;
    const std::string_view id = IdAfter(kProgress, document);
    if (id.empty()) return;
    News& news = (*all)[id];
    if (news.document.empty()) news.document = document;
    return;
  }
  if (kind != EventKind::kQuery) return;
  const std::string_view stopped = IdAfter(kStopped, document);
  if (!stopped.empty()) all->try_emplace(stopped, News{{}, true, false});
  const std::string_view failed = IdAfter(kTerminated, document);
  if (!failed.empty()) all->try_emplace(failed, News{{}, false, true});
}

void QueryGauges::Store(std::string_view id, std::shared_ptr<const std::string> document,
                        const News& news, absl::Time now) {
  const auto known = by_id_.find(std::string(id));
  if (document == nullptr) {
    if (known == by_id_.end()) return;
    known->second->failed = news.failed;
    known->second->seen = now;
    entries_.splice(entries_.end(), entries_, known->second);
    if (news.stopped) Drop(known->second);
    return;
  }
  if (known != by_id_.end()) Drop(known->second);
  bytes_ += document->size();
  entries_.push_back({std::string(id), std::move(document), news.failed, now});
  by_id_[entries_.back().id] = std::prev(entries_.end());
  while (entries_.size() > kMostQueries || bytes_ > kMostBytes) Drop(entries_.begin());
}

void QueryGauges::Drop(Entries::iterator entry) {
  bytes_ -= entry->document->size();
  by_id_.erase(entry->id);
  entries_.erase(entry);
}

std::vector<QueryStatus> QueryGauges::Read() {
  std::vector<std::pair<std::shared_ptr<const std::string>, bool>> documents;
  {
    const absl::MutexLock lock(&mutex_);
    const absl::Time now = os_->Now();
    while (!entries_.empty() && now - entries_.front().seen > kForgetAfter) {
      Drop(entries_.begin());
    }
    for (const Entry& entry : entries_) documents.emplace_back(entry.document, entry.failed);
  }
  std::vector<QueryStatus> queries;
  simdjson::dom::parser parser;
  for (const auto& [document, failed] : documents) {
    std::optional<QueryStatus> query = ReadDocument(*document, &parser);
    if (!query) continue;
    query->failed = failed;
    queries.push_back(*std::move(query));
  }
  return queries;
}

}  // namespace sparktail
