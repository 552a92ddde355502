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

// The families come in the order of this table, the measures of kinds, and the next table.
constexpr MetricDescription kDescriptions[] = {
    {"sparktail_build_info", kGauge, "", "version",
     "Always 1; the label names the version of sparktail"},
    {"sparktail_start_time_seconds", kGauge, "seconds", "",
     "Time at which the process was started, in seconds since 1970"},
    {"sparktail_ready", kGauge, "", "", "1 if /readyz answers that sparktail is ready, else 0"},
    {"sparktail_healthy", kGauge, "", "",
     "1 if /healthz answers that sparktail is healthy, else 0"},

    {"sparktail_component_received_bytes_total", kCounter, "bytes", kComponent,
     "Bytes of its streams' content that a source read"},
    {"sparktail_component_received_events_total", kCounter, "", kEvents,
     "Events that a source found"},
    {"sparktail_component_discarded_events_total", kCounter, "", kReasons,
     "Records that looked like an event and gave none"},
    {"sparktail_component_sent_events_total", kCounter, "", kComponent,
     "Events that a sink delivered"},
    {"sparktail_component_sent_bytes_total", kCounter, "bytes", kComponent,
     "Bytes of events that a sink delivered"},
    {"sparktail_component_errors_total", kCounter, "", kComponent,
     "Files and requests that failed in a source, or deliveries that a sink retried"},

    {"sparktail_open_files", kGauge, "", kComponent, "Files that a source holds open"},
    {"sparktail_source_streams", kGauge, "", kComponent, "Streams of a source that have not ended"},
    {"sparktail_source_behind_bytes", kGauge, "bytes", kComponent,
     "Lag of a source: bytes in all of its streams that it has not read yet"},
    {"sparktail_stream_behind_bytes", kGauge, "bytes", kStream,
     "Lag of a stream: bytes that are not read yet; of each source the 100 streams that lag most"},
    {"sparktail_source_lost_bytes_total", kCounter, "bytes", kComponent,
     "Bytes that were truncated or deleted before a source read them"},
    {"sparktail_source_rotations_total", kCounter, "", kComponent,
     "Files of a source that were rotated"},
    {"sparktail_source_truncations_total", kCounter, "", kComponent,
     "Files of a source that were truncated"},
    {"sparktail_source_partitions", kGauge, "", kComponent,
     "Kafka partitions that the consumer group has assigned to this process"},
    {"sparktail_source_behind_messages", kGauge, "", kComponent,
     "Lag of a Kafka source: messages in its partitions that it has not read yet"},
    {"sparktail_source_lost_messages_total", kCounter, "", kComponent,
     "Messages that were deleted from their Kafka topic before a source read them"},
    {"sparktail_source_restored_events_total", kCounter, "", kComponent,
     "Events that were restored after another writer's text was cut out of them"},
    {"sparktail_source_truncated_events_total", kCounter, "", kComponent,
     "Events whose stack trace was cut at max_event_bytes"},

    {"sparktail_buffer_byte_size", kGauge, "bytes", kComponent, "Bytes waiting in a sink's queue"},
    {"sparktail_buffer_events", kGauge, "", kComponent, "Events waiting in a sink's queue"},
    {"sparktail_sink_oldest_undelivered_seconds", kGauge, "seconds", kComponent,
     "Age in seconds of the oldest batch that a sink has not delivered; 0 if there is none"},
    {"sparktail_sink_cursor_age_seconds", kGauge, "seconds", kComponent,
     "Seconds since a sink's cursors were last stored, while they had to move"},
    {"sparktail_sink_dead_letters_total", kCounter, "", kComponent,
     "Events that a sink rejected and put into its dead letters"},
    {"sparktail_sink_lost_bytes_total", kCounter, "bytes", kComponent,
     "Bytes that a sink delivered to a file and that another process cut off it"},
};

constexpr MetricDescription kMoreDescriptions[] = {
    {"sparktail_sink_state", kGauge, "", kState,
     "1 for the state that a sink is in, 0 for the others"},

    {"sparktail_query_batch_id", kGauge, "", kQuery, "Id of a query's last batch"},
    {"sparktail_query_batch_start_time_seconds", kGauge, "seconds", kQuery,
     "Time at which a query's last batch was triggered, in seconds since 1970"},
    {"sparktail_query_batch_duration_seconds", kGauge, "seconds", kQuery,
     "Seconds that a query's last batch took (triggerExecution)"},
    {"sparktail_query_input_rows", kGauge, "rows", kQuery, "Rows that a query's last batch read"},
    {"sparktail_query_input_rows_per_second", kGauge, "rows/second", kQuery,
     "Rows that arrived per second before a query's last batch, as Spark reports it"},
    {"sparktail_query_processed_rows_per_second", kGauge, "rows/second", kQuery,
     "Rows that a query's last batch processed per second, as Spark reports it"},
    {"sparktail_query_state_rows", kGauge, "rows", kQuery,
     "Rows that all stateful operators of a query keep"},
    {"sparktail_query_state_bytes", kGauge, "bytes", kQuery,
     "Bytes of memory that all stateful operators of a query use"},
    {"sparktail_query_watermark_delay_seconds", kGauge, "seconds", kQuery,
     "Seconds from a query's watermark to the start of its last batch"},
    {"sparktail_query_lag_rows", kGauge, "rows", kQuery,
     "Rows that a query had not read from Kafka when its last batch started; known if its progress "
     "proves it"},
    {"sparktail_query_failed", kGauge, "", kQuery,
     "1 if a query ended with an error and has not run since, else 0"},
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
  explicit Families(std::span<const Measure> measures) {
    for (const MetricDescription& description : MetricDescriptions(measures)) {
      MetricFamily family;
      family.name = description.name;
      family.help = description.help;
      family.type = description.type;
      all_.push_back(std::move(family));
    }
  }

  // Null if no family has that name.
  MetricFamily* Find(std::string_view name) {
    const auto found = std::find_if(all_.begin(), all_.end(), [name](const MetricFamily& family) {
      return family.name == name;
    });
    return found == all_.end() ? nullptr : &*found;
  }

  void Add(std::string_view name, Labels labels, double value) {
    if (MetricFamily* family = Find(name)) Add(family, std::move(labels), value);
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
  for (const MeasuredValue& one : sink.measured) families->Add(one.name, labels, one.value);
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
    MetricFamily* family = families->Find(name);
    for (const auto& [labels, query] : distinct) Families::Add(family, labels, of(*query));
  }
}

}  // namespace

std::vector<MetricDescription> MetricDescriptions(std::span<const Measure> measures) {
  std::vector<MetricDescription> all(std::begin(kDescriptions), std::end(kDescriptions));
  for (const Measure& measure : measures) {
    const bool is_counter = measure.type == Measure::Type::kCounter;
    all.push_back(
        {measure.name, is_counter ? kCounter : kGauge, measure.unit, kComponent, measure.help});
  }
  all.insert(all.end(), std::begin(kMoreDescriptions), std::end(kMoreDescriptions));
  return all;
}

std::vector<MetricFamily> CollectMetrics(const PipelineStatus& status, std::string_view version,
                                         std::span<const Measure> measures) {
  Families families(measures);
  AddProcess(status, version, &families);
  for (const SourceStatus& source : status.sources) AddSource(source, &families);
  for (const SinkStatus& sink : status.sinks) AddSink(sink, &families);
  AddQueries(status.queries, &families);
  return families.Take();
}

std::string MetricsPage(const PipelineStatus& status, std::string_view version,
                        std::span<const Measure> measures) {
  std::ostringstream page;
  prometheus::TextSerializer().Serialize(page, CollectMetrics(status, version, measures));
  return page.str();
}

}  // namespace sparktail
