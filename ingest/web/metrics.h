#pragma once

#include <absl/time/time.h>
#include <prometheus/metric_family.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/pipeline/pipeline_status.h"
#include "sinks/measure.h"

namespace sparktail {

// A family of /metrics. Names are "sparktail_" and Vector's where Vector has the like; each family
// is described in docs/metrics.md, which a test keeps equal to MetricDescriptions().
struct MetricDescription {
  std::string_view name;
  prometheus::MetricType type = prometheus::MetricType::Gauge;
  std::string_view unit;    // "bytes", "seconds", …; empty: a number of things, or a state
  std::string_view labels;  // names, in their order, with ", " between them
  std::string_view help;    // understood alone; says the unit
};

// In the order in which they are served. `measures`: those of the sinks of all kinds.
std::vector<MetricDescription> MetricDescriptions(std::span<const Measure> measures);

// Label values from logs are cut to so many bytes, the text "…" included.
inline constexpr size_t kMostLabelBytes = 100;
// Queries that are told of: those whose last batch is the newest.
inline constexpr size_t kMostQueries = 1000;

// One family for each description, some without samples. Sinks have only values of `measures`.
// Numbers that are not known (NaN) have no sample; no two samples of a family have the same labels.
std::vector<prometheus::MetricFamily> CollectMetrics(const PipelineStatus& status,
                                                     std::string_view version,
                                                     std::span<const Measure> measures);

// In Prometheus' text format, version 0.0.4.
std::string MetricsPage(const PipelineStatus& status, std::string_view version,
                        std::span<const Measure> measures);

}  // namespace sparktail
