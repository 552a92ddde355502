#include "ingest/web/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <set>
#include <sstream>
#include <utility>

#include "ingest/base/printable.h"
#include "parsers/event.h"

namespace sparktail {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

constexpr std::string_view kComponent = "component_id, component_kind, component_type";
constexpr std::string_view kEvents = "component_id, component_kind, component_type, event_kind";
constexpr std::string_view kReasons = "component_id, component_kind, component_type, reason";
constexpr std::string_view kStream = "component_id, component_kind, component_type, stream";
constexpr std::string_view kState = "component_id, component_kind, component_type, state";
constexpr std::string_view kQuery = "environment, app_name, query";

constexpr MetricType kCounter = MetricType::Counter;
constexpr MetricType kGauge = MetricType::Gauge;

constexpr MetricDescription kDescriptions[] = {
    {"sparktail_build_info", kGauge, "", "version", "Always 1"},
    {"sparktail_start_time_seconds", kGauge, "seconds", "",
     "When the process was started, since 1970"},
    {"sparktail_ready", kGauge, "", "", "1 if /readyz says so"},
    {"sparktail_healthy", kGauge, "", "", "1 if /healthz says so"},

    {"sparktail_component_received_bytes_total", kCounter, "bytes", kComponent,
     "Read by a source, of the content of its streams"},
    {"sparktail_component_received_events_total", kCounter, "", kEvents, "Found by a source"},
    {"sparktail_component_discarded_events_total", kCounter, "", kReasons,
     "Records that looked like an event and gave none"},
    {"sparktail_component_sent_events_total", kCounter, "", kComponent, "Delivered by a sink"},
    {"sparktail_component_sent_bytes_total", kCounter, "bytes", kComponent, "Delivered by a sink"},
    {"sparktail_component_errors_total", kCounter, "", kComponent,
     "Source: files that could not be read. Sink: tries that failed and were repeated"},

    {"sparktail_open_files", kGauge, "", kComponent, "Held open by a source"},
    {"sparktail_source_streams", kGauge, "", kComponent, "That have not ended"},
    {"sparktail_source_behind_bytes", kGauge, "bytes", kComponent,
     "There, but not yet read, of all streams together"},
    {"sparktail_stream_behind_bytes", kGauge, "bytes", kStream,
     "The same of one stream; of each source the 100 that are furthest behind"},
    {"sparktail_source_lost_bytes_total", kCounter, "bytes", kComponent,
     "Known to have been there, and truncated or deleted before they were read"},
    {"sparktail_source_rotations_total", kCounter, "", kComponent, "Files that were rotated"},
    {"sparktail_source_truncations_total", kCounter, "", kComponent, "Files that were truncated"},
    {"sparktail_source_partitions", kGauge, "", kComponent,
     "Of Kafka, that the consumer group has given this process"},
    {"sparktail_source_behind_messages", kGauge, "", kComponent,
     "Of Kafka: in these partitions, but not yet read"},
    {"sparktail_source_lost_messages_total", kCounter, "", kComponent,
     "Of Kafka: deleted from their topic before they were read"},
    {"sparktail_source_restored_events_total", kCounter, "", kComponent,
     "Events out of which another writer's text was lifted"},
    {"sparktail_source_truncated_events_total", kCounter, "", kComponent,
     "Events whose stack was cut at max_event_bytes"},

    {"sparktail_buffer_byte_size", kGauge, "bytes", kComponent, "In a sink's queue"},
    {"sparktail_buffer_events", kGauge, "", kComponent, "In a sink's queue"},
    {"sparktail_sink_oldest_undelivered_seconds", kGauge, "seconds", kComponent,
     "Age of the oldest batch that is not delivered; 0: none"},
    {"sparktail_sink_cursor_age_seconds", kGauge, "seconds", kComponent,
     "Since the cursors were last stored, while something moved"},
    {"sparktail_sink_dead_letters_total", kCounter, "", kComponent,
     "Events that went to the dead letters"},
    {"sparktail_sink_lost_bytes_total", kCounter, "bytes", kComponent,
     "Delivered to a file, and then cut off it by another process"},
    {"sparktail_bulk_requests_total", kCounter, "", kComponent,
     "Sent to a search server by a sink"},
    {"sparktail_bulk_failed_requests_total", kCounter, "", kComponent,
     "Of them, without an answer for each event"},
    {"sparktail_bulk_overloads_total", kCounter, "", kComponent,
     "Of them, too much for the server, as a whole or in part"},
    {"sparktail_bulk_retried_events_total", kCounter, "", kComponent, "Sent again"},
    {"sparktail_bulk_known_events_total", kCounter, "", kComponent,
     "That were in their index already"},
    {"sparktail_bulk_failure_store_events_total", kCounter, "", kComponent,
     "That Elasticsearch put into its failure store"},
    {"sparktail_bulk_connections", kGauge, "", kComponent,
     "Requests that may be on their way at a time, at present"},

    {"sparktail_kafka_queue_messages", kGauge, "", kComponent, "Held by librdkafka, not delivered"},
    {"sparktail_kafka_queue_bytes", kGauge, "bytes", kComponent, "The same in bytes"},
    {"sparktail_kafka_requests_total", kCounter, "", kComponent, "Sent to brokers by a sink"},
    {"sparktail_kafka_retries_total", kCounter, "", kComponent, "Of them, sent again"},
    {"sparktail_kafka_errors_total", kCounter, "", kComponent, "Of them, failed"},
    {"sparktail_kafka_rtt_seconds", kGauge, "seconds", kComponent,
     "From a request to its answer, on average, of the slowest broker"},
    {"sparktail_sink_state", kGauge, "", kState, "1 for the state that it is in"},

    {"sparktail_query_batch_id", kGauge, "", kQuery, "Of the last batch"},
    {"sparktail_query_batch_start_time_seconds", kGauge, "seconds", kQuery,
     "When the last batch was triggered, since 1970"},
    {"sparktail_query_batch_duration_seconds", kGauge, "seconds", kQuery,
     "triggerExecution of the last batch"},
    {"sparktail_query_input_rows", kGauge, "rows", kQuery, "Of the last batch"},
    {"sparktail_query_input_rows_per_second", kGauge, "rows/second", kQuery, "Of the last batch"},
    {"sparktail_query_processed_rows_per_second", kGauge, "rows/second", kQuery,
     "Of the last batch"},
    {"sparktail_query_state_rows", kGauge, "rows", kQuery,
     "Kept by all stateful operators of the query"},
    {"sparktail_query_state_bytes", kGauge, "bytes", kQuery,
     "Memory of all stateful operators of the query"},
    {"sparktail_query_watermark_delay_seconds", kGauge, "seconds", kQuery,
     "How far the watermark is behind the start of the batch"},
    {"sparktail_query_lag_rows", kGauge, "rows", kQuery,
     "Not read from Kafka yet when the batch began; only if the progress proves it"},
    {"sparktail_query_failed", kGauge, "", kQuery,
     "1 if the query ended with an error and has not run since"},
};

// What each family of a component, or of a query, says of one.
template <typename Status>
struct Value {
  std::string_view name;
  double (*of)(const Status&);
};

constexpr Value<SourceStatus> kSourceValues[] = {
    {"sparktail_component_received_bytes_total", [](auto& s) { return double(s.read_bytes); }},
    {"sparktail_component_errors_total", [](auto& s) { return double(s.errors); }},
    {"sparktail_open_files", [](auto& s) { return double(s.open_files); }},
    {"sparktail_source_streams", [](auto& s) { return double(s.streams); }},
    {"sparktail_source_behind_bytes", [](auto& s) { return double(s.lag_bytes); }},
    {"sparktail_source_lost_bytes_total", [](auto& s) { return double(s.lost_bytes); }},
    {"sparktail_source_rotations_total", [](auto& s) { return double(s.rotations); }},
    {"sparktail_source_truncations_total", [](auto& s) { return double(s.truncations); }},
    {"sparktail_source_partitions", [](auto& s) { return double(s.partitions); }},
    {"sparktail_source_behind_messages", [](auto& s) { return double(s.lag_messages); }},
    {"sparktail_source_lost_messages_total", [](auto& s) { return double(s.lost_messages); }},
    {"sparktail_source_restored_events_total", [](auto& s) { return double(s.parsed.restored); }},
    {"sparktail_source_truncated_events_total", [](auto& s) { return double(s.parsed.truncated); }},
};

constexpr Value<ParserStats> kDiscarded[] = {
    // by reason
    {"not_progress", [](auto& s) { return double(s.not_progress); }},
    {"incomplete", [](auto& s) { return double(s.incomplete); }},
    {"malformed", [](auto& s) { return double(s.malformed); }},
    {"over_long", [](auto& s) { return double(s.over_long); }},
};

constexpr Value<SinkStatus> kSinkValues[] = {
    {"sparktail_component_sent_events_total", [](auto& s) { return double(s.events); }},
    {"sparktail_component_sent_bytes_total", [](auto& s) { return double(s.bytes); }},
    {"sparktail_component_errors_total", [](auto& s) { return double(s.errors); }},
    {"sparktail_buffer_byte_size", [](auto& s) { return double(s.queue_bytes); }},
    {"sparktail_buffer_events", [](auto& s) { return double(s.queue_events); }},
    {"sparktail_sink_oldest_undelivered_seconds",
     [](auto& s) { return absl::ToDoubleSeconds(s.oldest); }},
    {"sparktail_sink_cursor_age_seconds",
     [](auto& s) { return absl::ToDoubleSeconds(s.cursor_age); }},
    {"sparktail_sink_dead_letters_total", [](auto& s) { return double(s.dead_letters); }},
    {"sparktail_sink_lost_bytes_total", [](auto& s) { return double(s.lost_bytes); }},
};

constexpr Value<BulkStatistics> kBulkValues[] = {
    {"sparktail_bulk_requests_total", [](auto& s) { return double(s.requests); }},
    {"sparktail_bulk_failed_requests_total", [](auto& s) { return double(s.failed_requests); }},
    {"sparktail_bulk_overloads_total", [](auto& s) { return double(s.overloads); }},
    {"sparktail_bulk_retried_events_total", [](auto& s) { return double(s.retried_events); }},
    {"sparktail_bulk_known_events_total", [](auto& s) { return double(s.known_events); }},
    {"sparktail_bulk_failure_store_events_total", [](auto& s) { return double(s.failure_store); }},
    {"sparktail_bulk_connections", [](auto& s) { return double(s.connections); }},
};

constexpr Value<KafkaStatistics> kKafkaValues[] = {
    {"sparktail_kafka_queue_messages", [](auto& s) { return double(s.queued_messages); }},
    {"sparktail_kafka_queue_bytes", [](auto& s) { return double(s.queued_bytes); }},
    {"sparktail_kafka_requests_total", [](auto& s) { return double(s.requests); }},
    {"sparktail_kafka_retries_total", [](auto& s) { return double(s.retries); }},
    {"sparktail_kafka_errors_total", [](auto& s) { return double(s.errors); }},
    {"sparktail_kafka_rtt_seconds", [](auto& s) { return s.rtt_seconds; }},
};

// In the order of SinkStatus::State.
constexpr std::array<const char*, 3> kSinkStates = {"running", "paused", "stopped"};

constexpr Value<QueryStatus> kQueryValues[] = {
    {"sparktail_query_batch_id", [](auto& q) { return q.batch_id; }},
    {"sparktail_query_batch_start_time_seconds", [](auto& q) { return q.timestamp; }},
    {"sparktail_query_batch_duration_seconds", [](auto& q) { return q.duration_ms / 1000; }},
    {"sparktail_query_input_rows", [](auto& q) { return q.input_rows; }},
    {"sparktail_query_input_rows_per_second", [](auto& q) { return q.input_rows_per_second; }},
    {"sparktail_query_processed_rows_per_second",
     [](auto& q) { return q.processed_rows_per_second; }},
    {"sparktail_query_state_rows", [](auto& q) { return q.state_rows; }},
    {"sparktail_query_state_bytes", [](auto& q) { return q.state_bytes; }},
    {"sparktail_query_watermark_delay_seconds",
     [](auto& q) { return q.watermark_delay_ms / 1000; }},
    {"sparktail_query_lag_rows", [](auto& q) { return q.lag_rows; }},
    {"sparktail_query_failed", [](auto& q) { return q.failed ? 1.0 : 0.0; }},
};

constexpr std::string_view kEllipsis = "…";

bool IsInsideCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// At most kMostLabelBytes of a text, from its beginning.
std::string Bounded(std::string_view text) {
  std::string value = Printable(text, kMostLabelBytes);
  if (value.size() <= kMostLabelBytes) return value;
  size_t end = kMostLabelBytes - kEllipsis.size();
  while (end > 0 && IsInsideCharacter(value[end])) --end;
  return value.replace(end, std::string::npos, kEllipsis);
}

// The same from its end, which tells paths apart.
std::string BoundedPath(std::string_view path) {
  std::string value = Printable(path, path.size());
  if (value.size() <= kMostLabelBytes) return value;
  size_t begin = value.size() - (kMostLabelBytes - kEllipsis.size());
  while (begin < value.size() && IsInsideCharacter(value[begin])) ++begin;
  return value.replace(0, begin, kEllipsis);
}

class Families {
 public:
  Families() {
    for (const MetricDescription& description : kDescriptions) {
      MetricFamily family;
      family.name = description.name;
      family.help = description.help;
      if (!description.unit.empty()) family.help.append(", in ").append(description.unit);
      family.type = description.type;
      all_.push_back(std::move(family));
    }
  }

  MetricFamily& Get(std::string_view name) {
    return *std::find_if(all_.begin(), all_.end(),
                         [name](const MetricFamily& family) { return family.name == name; });
  }

  void Add(std::string_view name, Labels labels, double value) {
    Add(&Get(name), std::move(labels), value);
  }
  static void Add(MetricFamily* family, Labels labels, double value) {
    if (std::isnan(value)) return;
    ClientMetric metric;
    metric.label = std::move(labels);
    (family->type == kCounter ? metric.counter.value : metric.gauge.value) = value;
    family->metric.push_back(std::move(metric));
  }

  std::vector<MetricFamily> Take() { return std::move(all_); }

 private:
  std::vector<MetricFamily> all_;
};

template <typename Status>
Labels Component(const Status& status, const char* kind) {
  return {{"component_id", Printable(status.name, status.name.size())},
          {"component_kind", kind},
          {"component_type", status.kind}};
}

Labels With(Labels labels, const char* name, std::string value) {
  labels.push_back({name, std::move(value)});
  return labels;
}

void AddProcess(const PipelineStatus& status, std::string_view version, Families* families) {
  families->Add("sparktail_build_info", {{"version", std::string(version)}}, 1);
  families->Add("sparktail_start_time_seconds", {},
                absl::ToDoubleSeconds(status.started - absl::UnixEpoch()));
  families->Add("sparktail_ready", {}, status.ready ? 1 : 0);
  families->Add("sparktail_healthy", {}, status.healthy ? 1 : 0);
}

void AddStreams(const SourceStatus& source, const Labels& labels, Families* families) {
  std::set<std::string> known;  // paths that were cut may have become equal
  for (const StreamLag& stream : source.lags) {
    const std::string name = BoundedPath(stream.stream);
    if (!known.insert(name).second) continue;
    families->Add("sparktail_stream_behind_bytes", With(labels, "stream", name),
                  static_cast<double>(stream.bytes));
  }
}

void AddSource(const SourceStatus& source, Families* families) {
  const Labels labels = Component(source, "source");
  for (const auto& [name, of] : kSourceValues) families->Add(name, labels, of(source));
  for (size_t i = 0; i < kEventKindNames.size(); ++i) {
    families->Add("sparktail_component_received_events_total",
                  With(labels, "event_kind", std::string(kEventKindNames[i])),
                  static_cast<double>(source.parsed.events[i]));
  }
  for (const auto& [reason, of] : kDiscarded) {
    families->Add("sparktail_component_discarded_events_total",
                  With(labels, "reason", std::string(reason)), of(source.parsed));
  }
  AddStreams(source, labels, families);
}

void AddSink(const SinkStatus& sink, Families* families) {
  const Labels labels = Component(sink, "sink");
  for (const auto& [name, of] : kSinkValues) families->Add(name, labels, of(sink));
  if (sink.bulk) {
    for (const auto& [name, of] : kBulkValues) families->Add(name, labels, of(*sink.bulk));
  }
  if (sink.kafka) {
    for (const auto& [name, of] : kKafkaValues) families->Add(name, labels, of(*sink.kafka));
  }
  for (size_t i = 0; i < kSinkStates.size(); ++i) {
    families->Add("sparktail_sink_state", With(labels, "state", kSinkStates[i]),
                  static_cast<size_t>(sink.state) == i ? 1 : 0);
  }
}

// Queries with their labels, those with the newest batch first, no labels twice.
std::vector<std::pair<Labels, const QueryStatus*>> Distinct(
    const std::vector<QueryStatus>& queries) {
  std::vector<const QueryStatus*> newest_first;
  newest_first.reserve(queries.size());
  for (const QueryStatus& query : queries) newest_first.push_back(&query);
  const auto time = [](const QueryStatus* query) {
    return std::isnan(query->timestamp) ? -HUGE_VAL : query->timestamp;
  };
  std::stable_sort(newest_first.begin(), newest_first.end(),
                   [time](const auto* a, const auto* b) { return time(a) > time(b); });
  std::set<Labels> known;
  std::vector<std::pair<Labels, const QueryStatus*>> distinct;
  for (const QueryStatus* query : newest_first) {
    if (distinct.size() == kMostQueries) break;
    Labels labels = {{"environment", Bounded(query->environment)},
                     {"app_name", Bounded(query->app_name)},
                     {"query", Bounded(query->query)}};
    if (known.insert(labels).second) distinct.emplace_back(std::move(labels), query);
  }
  return distinct;
}

void AddQueries(const std::vector<QueryStatus>& queries, Families* families) {
  const auto distinct = Distinct(queries);
  for (const auto& [name, of] : kQueryValues) {
    MetricFamily& family = families->Get(name);
    for (const auto& [labels, query] : distinct) Families::Add(&family, labels, of(*query));
  }
}

}  // namespace

std::vector<MetricDescription> MetricDescriptions() {
  return {std::begin(kDescriptions), std::end(kDescriptions)};
}

std::vector<MetricFamily> CollectMetrics(const PipelineStatus& status, std::string_view version) {
  Families families;
  AddProcess(status, version, &families);
  for (const SourceStatus& source : status.sources) AddSource(source, &families);
  for (const SinkStatus& sink : status.sinks) AddSink(sink, &families);
  AddQueries(status.queries, &families);
  return families.Take();
}

std::string MetricsPage(const PipelineStatus& status, std::string_view version) {
  std::ostringstream page;
  prometheus::TextSerializer().Serialize(page, CollectMetrics(status, version));
  return page.str();
}

}  // namespace sparktail
