#include "ingest/web/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sinks/bulk/bulk_statistics.h"
#include "sinks/kafka/kafka_measures.h"
#include "tests/support/corpus.h"

namespace sparktail {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

QueryStatus Query(const std::string& name) {
  QueryStatus query;
  query.environment = "pro";
  query.app_name = "orders";
  query.query = name;
  query.batch_id = 7;
  query.duration_ms = 1500;
  query.lag_rows = kUnknown;
  query.timestamp = 1'795'276'800.5;
  return query;
}

// Measures of the kinds of sinks that have some, in the order of the table of kinds.
std::vector<Measure> Measures() {
  std::vector<Measure> measures = KafkaMeasures();
  const std::vector<Measure> bulk = BulkMeasures();
  measures.insert(measures.end(), bulk.begin(), bulk.end());
  return measures;
}

PipelineStatus Status() {
  PipelineStatus status;
  status.started = absl::FromUnixSeconds(1'795'000'000);
  status.ready = true;
  SourceStatus source;
  source.name = "logs";
  source.kind = "file";
  source.read_bytes = uint64_t{3} << 40;
  source.open_files = 2;
  source.lost_bytes = 99;
  source.lag_bytes = 12;
  source.parsed.events = {5, 4, 3};
  source.parsed.malformed = 2;
  source.lags = {{"logs//var/log/a", 12}};
  status.sources.push_back(source);
  SinkStatus sink;
  sink.name = "history";
  sink.kind = "sqlite";
  sink.state = SinkStatus::State::kPaused;
  sink.why = "disk full";
  sink.events = 11;
  sink.lost_bytes = 13;
  sink.oldest = absl::Milliseconds(2500);
  AddKafkaMeasures({.queued_messages = 7, .requests = 8, .rtt_seconds = 0.25}, &sink);
  AddBulkMeasures({.requests = 14, .overloads = 3, .connections = 2}, &sink);
  status.sinks.push_back(sink);
  status.queries = {Query("etl")};
  return status;
}

std::vector<std::string> Split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t end; (end = text.find(separator, begin)) != std::string::npos;) {
    parts.push_back(text.substr(begin, end - begin));
    begin = end + separator.size();
  }
  parts.push_back(text.substr(begin));
  return parts;
}

TEST(Metrics, ThePageSaysWhatTheStatusSays) {
  const std::string page = MetricsPage(Status(), "1.2.3", Measures());
  const std::string source =
      "component_id=\"logs\",component_kind=\"source\",component_type=\"file\"";
  const std::string sink =
      "component_id=\"history\",component_kind=\"sink\",component_type=\"sqlite\"";
  for (const std::string& line : {
           std::string("sparktail_build_info{version=\"1.2.3\"} 1\n"),
           std::string("sparktail_start_time_seconds 1795000000\n"),
           std::string("sparktail_ready 1\n"),
           std::string("# TYPE sparktail_component_received_bytes_total counter\n"),
           "sparktail_component_received_bytes_total{" + source + "} 3298534883328\n",
           "sparktail_component_received_events_total{" + source + ",event_kind=\"query\"} 4\n",
           "sparktail_component_discarded_events_total{" + source + ",reason=\"malformed\"} 2\n",
           "sparktail_source_lost_bytes_total{" + source + "} 99\n",
           "sparktail_stream_behind_bytes{" + source + ",stream=\"logs//var/log/a\"} 12\n",
           "sparktail_component_sent_events_total{" + sink + "} 11\n",
           "sparktail_sink_lost_bytes_total{" + sink + "} 13\n",
           "sparktail_sink_oldest_undelivered_seconds{" + sink + "} 2.5\n",
           "sparktail_bulk_requests_total{" + sink + "} 14\n",
           "sparktail_bulk_connections{" + sink + "} 2\n",
           "sparktail_kafka_queue_messages{" + sink + "} 7\n",
           "sparktail_kafka_rtt_seconds{" + sink + "} 0.25\n",
           "sparktail_sink_state{" + sink + ",state=\"running\"} 0\n",
           "sparktail_sink_state{" + sink + ",state=\"paused\"} 1\n",
           std::string("sparktail_query_batch_duration_seconds{environment=\"pro\","
                       "app_name=\"orders\",query=\"etl\"} 1.5\n"),
       }) {
    EXPECT_THAT(page, HasSubstr(line));
  }
  EXPECT_THAT(page, Not(HasSubstr("sparktail_query_lag_rows{"))) << "it is not known";
  EXPECT_THAT(page, Not(HasSubstr("nan")));
}

TEST(Metrics, EachFamilyIsWhatItsDescriptionSays) {
  const std::vector<MetricDescription> descriptions = MetricDescriptions(Measures());
  PipelineStatus status = Status();
  status.queries[0].lag_rows = 1;
  const std::vector<MetricFamily> families = CollectMetrics(status, "1", Measures());
  ASSERT_EQ(families.size(), descriptions.size());
  std::set<std::string> names;
  for (size_t i = 0; i < families.size(); ++i) {
    const MetricFamily& family = families[i];
    const MetricDescription& description = descriptions[i];
    EXPECT_EQ(family.name, description.name);
    EXPECT_TRUE(names.insert(family.name).second) << family.name;
    EXPECT_THAT(family.name, StartsWith("sparktail_"));
    EXPECT_EQ(family.help, description.help);
    EXPECT_EQ(family.type, description.type);
    EXPECT_EQ(family.name.ends_with("_total"), family.type == MetricType::Counter) << family.name;
    ASSERT_FALSE(family.metric.empty()) << family.name;
    for (const ClientMetric& metric : family.metric) {
      std::string labels;
      for (const auto& label : metric.label) labels += (labels.empty() ? "" : ", ") + label.name;
      EXPECT_EQ(labels, description.labels) << family.name;
    }
  }
}

TEST(Metrics, ThePageOfTheDocumentationIsTrue) {
  std::string expected = "| name | type | unit | labels | meaning |\n|---|---|---|---|---|\n";
  for (const MetricDescription& metric : MetricDescriptions(Measures())) {
    expected.append("| `").append(metric.name).append("` | ");
    expected.append(metric.type == MetricType::Counter ? "counter" : "gauge").append(" | ");
    expected.append(metric.unit).append(metric.unit.empty() ? "| " : " | ");
    expected.append(metric.labels).append(metric.labels.empty() ? "| " : " | ");
    expected.append(metric.help).append(" |\n");
  }
  const std::string page = testing::ReadFile(testing::DataPath("../../docs/metrics.md"));
  const size_t begin = page.find("| name |");
  ASSERT_NE(begin, std::string::npos);
  EXPECT_EQ(page.substr(begin, page.find("\n\n", begin) + 1 - begin), expected)
      << "docs/metrics.md should have this table:\n"
      << expected;
}

TEST(Metrics, AlertsAreAboutFamiliesThatThereAre) {
  std::set<std::string> names;
  for (const MetricDescription& metric : MetricDescriptions(Measures())) names.emplace(metric.name);
  const std::string page = testing::ReadFile(testing::DataPath("../../docs/operations.md"));
  size_t count = 0;
  for (size_t at = page.find("sparktail_"); at != std::string::npos;
       at = page.find("sparktail_", at + 1)) {
    const size_t end = page.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", at);
    EXPECT_TRUE(names.contains(page.substr(at, end - at))) << page.substr(at, end - at);
    ++count;
  }
  EXPECT_GT(count, 15U);
}

TEST(Metrics, LabelValuesAreBoundedAndPrintable) {
  PipelineStatus status = Status();
  status.queries[0].query = "q\x1b[31m\n\"" + std::string(200, 'x');
  status.queries[0].app_name = std::string(98, 'a') + "ééé";
  status.sources[0].lags[0].stream = "logs/" + std::string(300, 'd') + "/ééé/stderr";
  for (const MetricFamily& family : CollectMetrics(status, "1", Measures())) {
    for (const ClientMetric& metric : family.metric) {
      for (const auto& label : metric.label) {
        EXPECT_LE(label.value.size(), kMostLabelBytes) << family.name << " " << label.name;
      }
    }
  }
  const std::string page = MetricsPage(status, "1", Measures());
  EXPECT_THAT(page, HasSubstr("query=\"q?[31m?\\\"xxx"));
  EXPECT_THAT(page, HasSubstr("app_name=\"" + std::string(97, 'a') + "…\""));
  EXPECT_THAT(page, HasSubstr("dd/ééé/stderr\"}"));
}

// Prometheus rejects a page that has a sample twice.
TEST(Metrics, NoSampleIsThereTwice) {
  PipelineStatus status = Status();
  status.queries = {Query("same"), Query("same"), Query(std::string(200, 'x') + "a"),
                    Query(std::string(200, 'x') + "b")};
  status.queries[1].timestamp += 10;
  status.queries[1].batch_id = 8;
  status.sources[0].lags = {{"a" + std::string(200, 'x'), 1}, {"b" + std::string(200, 'x'), 2}};
  const std::string page = MetricsPage(status, "1", Measures());
  std::map<std::string, int> samples;
  for (const std::string& line : Split(page, "\n")) {
    if (!line.empty() && line[0] != '#') ++samples[line.substr(0, line.rfind(' '))];
  }
  for (const auto& [sample, count] : samples) EXPECT_EQ(count, 1) << sample;
  EXPECT_THAT(page, HasSubstr("sparktail_query_batch_id{environment=\"pro\",app_name=\"orders\","
                              "query=\"same\"} 8\n"))
      << "the newest counts";
}

TEST(Metrics, QueriesAreBounded) {
  PipelineStatus status = Status();
  status.queries.clear();
  for (size_t i = 0; i < kMostQueries + 500; ++i) {
    status.queries.push_back(Query("q" + std::to_string(i)));
    status.queries.back().timestamp = i == 3 ? kUnknown : static_cast<double>(i);
  }
  for (const MetricFamily& family : CollectMetrics(status, "1", Measures())) {
    if (family.name == "sparktail_query_batch_id") {
      EXPECT_EQ(family.metric.size(), kMostQueries);
      EXPECT_EQ(family.metric[0].label[2].value, "q1499");
    }
  }
}

}  // namespace
}  // namespace sparktail
