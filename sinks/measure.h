#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
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

// A measure, and the figure of a sink that is its value.
template <typename Figures>
struct MeasureOf {
  Measure measure;
  std::variant<uint64_t Figures::*, double Figures::*> figure;
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
    const auto read = [&](auto figure) { return static_cast<double>(figures.*figure); };
    status->measured.push_back({one.measure.name, std::visit(read, one.figure)});
  }
}

}  // namespace sparktail
