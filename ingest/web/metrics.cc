#include "ingest/web/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <type_traits>
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

// The value of a family for the process, a component or a query; null for those that have none.
struct Value {
  double (*process)(const PipelineStatus&) = nullptr;
  double (*source)(const SourceStatus&) = nullptr;
  double (*sink)(const SinkStatus&) = nullptr;
  double (*query)(const QueryStatus&) = nullptr;
};

double Number(double number) { return number; }
double Number(absl::Duration duration) { return absl::ToDoubleSeconds(duration); }

template <auto Get, typename Status>
constexpr void Set(double (**of)(const Status&)) {
  if constexpr (std::is_invocable_v<decltype(Get), const Status&>) {
    *of = [](const Status& status) { return Number(std::invoke(Get, status)); };
  }
}

// The value is that of a member or function, one for each kind of status.
template <auto... Get>
constexpr Value Of() {
  Value value;
  (Set<Get>(&value.process), ...);
  (Set<Get>(&value.source), ...);
  (Set<Get>(&value.sink), ...);
  (Set<Get>(&value.query), ...);
  return value;
}

// A family. Counters have names that end with _total.
struct Row {
  std::string_view name;
  std::string_view unit;
  std::string_view help;
  Value value;                   // none if each has several, which differ in one more label
  std::string_view labels = {};  // empty: those of the components or queries that have the value

  MetricDescription Describe() const {
    std::string_view its = labels;
    if (its.empty() && (value.source != nullptr || value.sink != nullptr)) its = kComponent;
    if (its.empty() && value.query != nullptr) its = kQuery;
    return {name, name.ends_with("_total") ? MetricType::Counter : MetricType::Gauge, unit, its,
            help};
  }
};

// In the order in which they are served. The measures of kinds come before kAfterMeasures.
constexpr std::string_view kAfterMeasures = "sparktail_sink_state";
constexpr Row kRows[] = {
    {"sparktail_build_info", "", "Always 1; the label names the version of sparktail", Of<>(),
     "version"},
    {"sparktail_start_time_seconds", "seconds",
     "Time at which the process was started, in seconds since 1970",
     Of<[](const PipelineStatus& p) { return p.started - absl::UnixEpoch(); }>()},
    {"sparktail_ready", "", "1 if /readyz answers that sparktail is ready, else 0",
     Of<&PipelineStatus::ready>()},
    {"sparktail_healthy", "", "1 if /healthz answers that sparktail is healthy, else 0",
     Of<&PipelineStatus::healthy>()},

    {"sparktail_component_received_bytes_total", "bytes",
     "Bytes of its streams' content that a source read", Of<&SourceStatus::read_bytes>()},
    {"sparktail_component_received_events_total", "", "Events that a source found", Of<>(),
     kEvents},
    {"sparktail_component_discarded_events_total", "",
     "Records that looked like an event and gave none", Of<>(), kReasons},
    {"sparktail_component_sent_events_total", "", "Events that a sink delivered",
     Of<&SinkStatus::events>()},
    {"sparktail_component_sent_bytes_total", "bytes", "Bytes of events that a sink delivered",
     Of<&SinkStatus::bytes>()},
    {"sparktail_component_errors_total", "",
     "Files and requests that failed in a source, or deliveries that a sink retried",
     Of<&SourceStatus::errors, &SinkStatus::errors>()},

    {"sparktail_open_files", "", "Files that a source holds open", Of<&SourceStatus::open_files>()},
    {"sparktail_source_streams", "", "Streams of a source that have not ended",
     Of<&SourceStatus::streams>()},
    {"sparktail_source_behind_bytes", "bytes",
     "Lag of a source: bytes in all of its streams that it has not read yet",
     Of<&SourceStatus::lag_bytes>()},
    {"sparktail_stream_behind_bytes", "bytes",
     "Lag of a stream: bytes that are not read yet; of each source the 100 streams that lag most",
     Of<>(), kStream},
    {"sparktail_source_lost_bytes_total", "bytes",
     "Bytes that were truncated or deleted before a source read them",
     Of<&SourceStatus::lost_bytes>()},
    {"sparktail_source_rotations_total", "", "Files of a source that were rotated",
     Of<&SourceStatus::rotations>()},
    {"sparktail_source_truncations_total", "", "Files of a source that were truncated",
     Of<&SourceStatus::truncations>()},
    {"sparktail_source_partitions", "",
     "Kafka partitions that the consumer group has assigned to this process",
     Of<&SourceStatus::partitions>()},
    {"sparktail_source_behind_messages", "",
     "Lag of a Kafka source: messages in its partitions that it has not read yet",
     Of<&SourceStatus::lag_messages>()},
    {"sparktail_source_lost_messages_total", "",
     "Messages that were deleted from their Kafka topic before a source read them",
     Of<&SourceStatus::lost_messages>()},
    {"sparktail_source_restored_events_total", "",
     "Events that were restored after another writer's text was cut out of them",
     Of<[](const SourceStatus& s) { return s.parsed.restored; }>()},
    {"sparktail_source_truncated_events_total", "",
     "Events whose stack trace was cut at max_event_bytes",
     Of<[](const SourceStatus& s) { return s.parsed.truncated; }>()},

    {"sparktail_buffer_byte_size", "bytes", "Bytes waiting in a sink's queue",
     Of<&SinkStatus::queue_bytes>()},
    {"sparktail_buffer_events", "", "Events waiting in a sink's queue",
     Of<&SinkStatus::queue_events>()},
    {"sparktail_sink_oldest_undelivered_seconds", "seconds",
     "Age in seconds of the oldest batch that a sink has not delivered; 0 if there is none",
     Of<&SinkStatus::oldest>()},
    {"sparktail_sink_cursor_age_seconds", "seconds",
     "Seconds since a sink's cursors were last stored, while they had to move",
     Of<&SinkStatus::cursor_age>()},
    {"sparktail_sink_dead_letters_total", "",
     "Events that a sink rejected and put into its dead letters", Of<&SinkStatus::dead_letters>()},
    {"sparktail_sink_lost_bytes_total", "bytes",
     "Bytes that a sink delivered to a file and that another process cut off it",
     Of<&SinkStatus::lost_bytes>()},

    {"sparktail_sink_state", "", "1 for the state that a sink is in, 0 for the others", Of<>(),
     kState},

    {"sparktail_query_batch_id", "", "Id of a query's last batch", Of<&QueryStatus::batch_id>()},
    {"sparktail_query_batch_start_time_seconds", "seconds",
     "Time at which a query's last batch was triggered, in seconds since 1970",
     Of<&QueryStatus::timestamp>()},
    {"sparktail_query_batch_duration_seconds", "seconds",
     "Seconds that a query's last batch took (triggerExecution)",
     Of<[](const QueryStatus& q) { return q.duration_ms / 1000; }>()},
    {"sparktail_query_input_rows", "rows", "Rows that a query's last batch read",
     Of<&QueryStatus::input_rows>()},
    {"sparktail_query_input_rows_per_second", "rows/second",
     "Rows that arrived per second before a query's last batch, as Spark reports it",
     Of<&QueryStatus::input_rows_per_second>()},
    {"sparktail_query_processed_rows_per_second", "rows/second",
     "Rows that a query's last batch processed per second, as Spark reports it",
     Of<&QueryStatus::processed_rows_per_second>()},
    {"sparktail_query_state_rows", "rows", "Rows that all stateful operators of a query keep",
     Of<&QueryStatus::state_rows>()},
    {"sparktail_query_state_bytes", "bytes",
     "Bytes of memory that all stateful operators of a query use", Of<&QueryStatus::state_bytes>()},
    {"sparktail_query_watermark_delay_seconds", "seconds",
     "Seconds from a query's watermark to the start of its last batch",
     Of<[](const QueryStatus& q) { return q.watermark_delay_ms / 1000; }>()},
    {"sparktail_query_lag_rows", "rows",
     "Rows that a query had not read from Kafka when its last batch started; known if its progress "
     "proves it",
     Of<&QueryStatus::lag_rows>()},
    {"sparktail_query_failed", "", "1 if a query ended with an error and has not run since, else 0",
     Of<&QueryStatus::failed>()},
};

constexpr std::pair<const char*, uint64_t ParserStats::*> kDiscarded[] = {
    {"not_progress", &ParserStats::not_progress},
    {"incomplete", &ParserStats::incomplete},
    {"malformed", &ParserStats::malformed},
    {"over_long", &ParserStats::over_long},
};

// In the order of SinkStatus::State.
constexpr std::array<const char*, 3> kSinkStates = {"running", "paused", "stopped"};

constexpr std::string_view kEllipsis = "…";

bool IsInsideCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Cuts a text to kMostLabelBytes. Ends of paths tell them apart: `keep_end`.
std::string Bounded(std::string text, bool keep_end = false) {
  if (text.size() <= kMostLabelBytes) return text;
  const size_t kept = kMostLabelBytes - kEllipsis.size();
  size_t cut = keep_end ? text.size() - kept : kept;
  while (IsInsideCharacter(text[cut])) cut += keep_end ? 1 : -1;
  return keep_end ? text.replace(0, cut, kEllipsis)
                  : text.replace(cut, std::string::npos, kEllipsis);
}

class Families {
 public:
  explicit Families(std::span<const Measure> measures) {
    for (const MetricDescription& description : MetricDescriptions(measures)) {
      by_name_.emplace(description.name, all_.size());
      all_.push_back(
          {std::string(description.name), std::string(description.help), description.type, {}});
    }
  }

  // Ignores names that no family has, and numbers that are not known.
  void Add(std::string_view name, Labels labels, double value) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end() || std::isnan(value)) return;
    MetricFamily& family = all_[found->second];
    ClientMetric metric;
    metric.label = std::move(labels);
    (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    family.metric.push_back(std::move(metric));
  }

  // Adds what the table says of a status. `of` is its function in Value.
  template <typename Status>
  void AddRows(const Status& status, const Labels& labels,
               double (*Value::*of)(const Status& status)) {
    for (const Row& row : kRows) {
      if (row.value.*of != nullptr) Add(row.name, labels, (row.value.*of)(status));
    }
  }

  std::vector<MetricFamily> Take() { return std::move(all_); }

 private:
  std::vector<MetricFamily> all_;
  std::map<std::string_view, size_t> by_name_;
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

void AddStreams(const SourceStatus& source, const Labels& labels, Families* families) {
  std::set<std::string> known;  // paths that were cut may have become equal
  for (const StreamLag& stream : source.lags) {
    const std::string name =
        Bounded(Printable(stream.stream, stream.stream.size()), /*keep_end=*/true);
    if (!known.insert(name).second) continue;
    families->Add("sparktail_stream_behind_bytes", With(labels, "stream", name),
                  static_cast<double>(stream.bytes));
  }
}

void AddSource(const SourceStatus& source, Families* families) {
  const Labels labels = Component(source, "source");
  families->AddRows(source, labels, &Value::source);
  for (size_t i = 0; i < kEventKindNames.size(); ++i) {
    families->Add("sparktail_component_received_events_total",
                  With(labels, "event_kind", std::string(kEventKindNames[i])),
                  static_cast<double>(source.parsed.events[i]));
  }
  for (const auto& [reason, member] : kDiscarded) {
    families->Add("sparktail_component_discarded_events_total", With(labels, "reason", reason),
                  static_cast<double>(source.parsed.*member));
  }
  AddStreams(source, labels, families);
}

void AddSink(const SinkStatus& sink, Families* families) {
  const Labels labels = Component(sink, "sink");
  families->AddRows(sink, labels, &Value::sink);
  for (const MeasuredValue& one : sink.measured) families->Add(one.name, labels, one.value);
  for (size_t i = 0; i < kSinkStates.size(); ++i) {
    families->Add("sparktail_sink_state", With(labels, "state", kSinkStates[i]),
                  static_cast<size_t>(sink.state) == i ? 1 : 0);
  }
}

// Adds the queries with the newest batches, no labels twice.
void AddQueries(const std::vector<QueryStatus>& queries, Families* families) {
  std::vector<const QueryStatus*> newest_first;
  newest_first.reserve(queries.size());
  for (const QueryStatus& query : queries) newest_first.push_back(&query);
  const auto time = [](const QueryStatus* query) {
    return std::isnan(query->timestamp) ? -HUGE_VAL : query->timestamp;
  };
  std::stable_sort(newest_first.begin(), newest_first.end(),
                   [time](const auto* a, const auto* b) { return time(a) > time(b); });
  std::set<Labels> known;
  for (const QueryStatus* query : newest_first) {
    if (known.size() == kMostQueries) break;
    const auto shown = [](std::string_view text) {
      return Bounded(Printable(text, kMostLabelBytes));
    };
    const Labels labels = {{"environment", shown(query->environment)},
                           {"app_name", shown(query->app_name)},
                           {"query", shown(query->query)}};
    if (known.insert(labels).second) families->AddRows(*query, labels, &Value::query);
  }
}

}  // namespace

std::vector<MetricDescription> MetricDescriptions(std::span<const Measure> measures) {
  std::vector<MetricDescription> all;
  for (const Row& row : kRows) {
    for (const Measure& one : row.name == kAfterMeasures ? measures : std::span<const Measure>()) {
      const bool is_counter = one.type == Measure::Type::kCounter;
      all.push_back({one.name, is_counter ? MetricType::Counter : MetricType::Gauge, one.unit,
                     kComponent, one.help});
    }
    all.push_back(row.Describe());
  }
  return all;
}

std::vector<MetricFamily> CollectMetrics(const PipelineStatus& status, std::string_view version,
                                         std::span<const Measure> measures) {
  Families families(measures);
  families.Add("sparktail_build_info", {{"version", std::string(version)}}, 1);
  families.AddRows(status, {}, &Value::process);
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
