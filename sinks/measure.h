#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sinks/sink_status.h"

namespace sparktail {

// A figure that only sinks of some kinds have, as /metrics describes it. Texts live as long as the
// process.
struct Measure {
  enum class Type : uint8_t { kCounter, kGauge };
  std::string_view name;  // of the metric: "sparktail_bulk_requests_total"
  Type type = Type::kGauge;
  std::string_view unit;  // "bytes", "seconds"; empty: a number of things
  std::string_view help;  // understood alone; says the unit
};

// A measure, and how it is read from the figures of a sink.
template <typename Figures>
struct MeasureOf {
  Measure measure;
  double (*read)(const Figures& figures);
};

template <typename Figures, size_t n>
std::vector<Measure> MeasuresIn(const MeasureOf<Figures> (&table)[n]) {
  std::vector<Measure> measures;
  for (const MeasureOf<Figures>& one : table) measures.push_back(one.measure);
  return measures;
}

template <typename Figures, size_t n>
void AddMeasures(const MeasureOf<Figures> (&table)[n], const Figures& figures, SinkStatus* status) {
  for (const MeasureOf<Figures>& one : table) {
    status->measured.push_back({one.measure.name, one.read(figures)});
  }
}

}  // namespace sparktail
