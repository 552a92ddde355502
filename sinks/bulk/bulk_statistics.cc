#include "sinks/bulk/bulk_statistics.h"

namespace sparktail {
namespace {

using enum Measure::Type;

constexpr MeasureOf<BulkStatistics> kMeasures[] = {
    {{"sparktail_bulk_requests_total", kCounter, "",
      "Requests that a sink sent to a search server"},
     &BulkStatistics::requests},
    {{"sparktail_bulk_failed_requests_total", kCounter, "",
      "Requests that a search server answered without an outcome for each event"},
     &BulkStatistics::failed_requests},
    {{"sparktail_bulk_overloads_total", kCounter, "",
      "Requests that overloaded a search server, wholly or in part"},
     &BulkStatistics::overloads},
    {{"sparktail_bulk_retried_events_total", kCounter, "",
      "Events that a sink sent to a search server again"},
     &BulkStatistics::retried_events},
    {{"sparktail_bulk_known_events_total", kCounter, "",
      "Events that a sink sent and that were in their index already"},
     &BulkStatistics::known_events},
    {{"sparktail_bulk_failure_store_events_total", kCounter, "",
      "Events that Elasticsearch put into its failure store"},
     &BulkStatistics::failure_store},
    {{"sparktail_bulk_connections", kGauge, "",
      "Requests that a sink may have in flight to a search server at present"},
     &BulkStatistics::connections},
};

}  // namespace

std::vector<Measure> BulkMeasures() { return MeasuresIn(kMeasures); }

void AddBulkMeasures(const BulkStatistics& statistics, SinkStatus* status) {
  AddMeasures(kMeasures, statistics, status);
}

}  // namespace sparktail
