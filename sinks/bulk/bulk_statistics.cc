#include "sinks/bulk/bulk_statistics.h"

namespace sparktail {
namespace {

constexpr Measure::Type kCounter = Measure::Type::kCounter;
constexpr Measure::Type kGauge = Measure::Type::kGauge;

constexpr MeasureOf<BulkStatistics> kMeasures[] = {
    {{"sparktail_bulk_requests_total", kCounter, "",
      "Requests that a sink sent to a search server"},
     [](auto& s) { return double(s.requests); }},
    {{"sparktail_bulk_failed_requests_total", kCounter, "",
      "Requests that a search server answered without an outcome for each event"},
     [](auto& s) { return double(s.failed_requests); }},
    {{"sparktail_bulk_overloads_total", kCounter, "",
      "Requests that overloaded a search server, wholly or in part"},
     [](auto& s) { return double(s.overloads); }},
    {{"sparktail_bulk_retried_events_total", kCounter, "",
      "Events that a sink sent to a search server again"},
     [](auto& s) { return double(s.retried_events); }},
    {{"sparktail_bulk_known_events_total", kCounter, "",
      "Events that a sink sent and that were in their index already"},
     [](auto& s) { return double(s.known_events); }},
    {{"sparktail_bulk_failure_store_events_total", kCounter, "",
      "Events that Elasticsearch put into its failure store"},
     [](auto& s) { return double(s.failure_store); }},
    {{"sparktail_bulk_connections", kGauge, "",
      "Requests that a sink may have in flight to a search server at present"},
     [](auto& s) { return double(s.connections); }},
};

}  // namespace

std::vector<Measure> BulkMeasures() { return MeasuresIn(kMeasures); }

void AddBulkMeasures(const BulkStatistics& statistics, SinkStatus* status) {
  AddMeasures(kMeasures, statistics, status);
}

}  // namespace sparktail
